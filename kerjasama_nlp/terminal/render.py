"""Records to text and JSON; nothing here prints."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from kerjasama_nlp.documents.passages import SECTION_SEPARATOR
from kerjasama_nlp.i18n import _
from kerjasama_nlp.language.clean import drop_invisible
from kerjasama_nlp.records import Answer, Source, Statement

if TYPE_CHECKING:
    from kerjasama_nlp.labels.label_errors import Suspect

# Answers and refusals are Indonesian whatever the reader's locale (a contract), so these aren't translated.
REFUSAL = "Korpus tidak memuat jawabannya."
_MISSING = "Tidak ditemukan: {words}."
_NEAREST = "Bagian terdekat: {sections}."
_SIMILAR = "Pertanyaan serupa yang dapat dijawab: {questions}"
_AGREE = "Juga menurut {count} artikel lain: {titles}"
_DIFFER = "Berbeda antarartikel: {statements}"
_SOURCE = "Sumber: {source} (keyakinan {confidence})"
# What tells a terminal to write in bold, and as usual again.
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"
# Characters of a text that are shown where it stands among many.
_EXCERPT = 300
# Control, format and separator characters, and half characters: a terminal obeys them, or other tools take
# them for the end of a line.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Letters and marks that are never seen (Unicode: Default_Ignorable_Code_Point): two names that differ in one look
# the same. Joiners, Hangul fillers, Khmer inherent vowels, and the Mongolian and all other variation selectors.
_HIDDEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
# All but the printable characters of ASCII.
_NOT_PLAIN = re.compile("[^ -~]")


def answer_json(answer: Answer) -> str:
    """Return an answer as one line of JSON; the keys are a contract.

    Those after the first four are extensions: "missing" (the question's words that the best candidate doesn't
    speak of) is what a program can tell its reader with a refusal, "answer_span" (null then) where the answer stands,
    "highlights" where in it the fact stands that was asked for, "agreement" what other articles say of it.
    """
    row = {
        "question": answer.question,
        "answer": answer.answer,
        "confidence": round(answer.confidence, 4),
        "sources": [{**asdict(source), "score": round(source.score, 4)} for source in answer.sources],
        "missing": list(answer.missing),
        "answer_span": None if answer.answer is None else [asdict(span) for span in answer.answer_span],
        "highlights": [asdict(span) for span in answer.highlights],
        "agreement": None if answer.agreement is None else asdict(answer.agreement),
    }
    return to_json(row)


def to_json(value: object, indent: int | None = None) -> str:
    r"""Return JSON that any UTF-8 stream can carry and any terminal can show, whatever the text holds.

    >>> print(to_json(["Côte\u202e"]))
    ["Côte\u202e"]
    """
    return _escaped(json.dumps(value, ensure_ascii=False, indent=indent))


def safe_json(text: str) -> str:
    r"""Return a text in JSON with its unsafe characters written as escapes; half a character becomes U+FFFD.

    Line ends and tabs stay: JSON has them between its tokens only, where an escape would be an error. Letters that
    are never seen stay where there is nothing else to do: looking for them would cost a tenth of labelling's time.

    >>> print(safe_json('{"a": "x\u200b\xa0y"}'))
    {"a": "x\u200b y"}
    """
    return text if text.isprintable() else _escaped(text)


def _escaped(text: str) -> str:
    for char in set(_NOT_PLAIN.findall(text)):
        if char not in "\r\n\t" and not _is_safe(char):
            escape = "\ufffd" if unicodedata.category(char) == "Cs" else json.dumps(char)[1:-1]
            text = text.replace(char, escape)
    return text


def _is_safe(char: str) -> bool:
    return (char.isprintable() or unicodedata.category(char) not in _UNSAFE) and not _HIDDEN.match(char)


def answer_text(answer: Answer, *, bold: bool = False) -> str:
    """Return an answer as a reader sees it: the answer and its source, or the refusal and what comes near.

    With `bold` the terminal is told to show the fact that was asked for in bold.
    """
    if answer.answer is not None:
        answered_from = dict.fromkeys(span.source for span in answer.answer_span) or [0]
        names = dict.fromkeys(source_name(answer.sources[number]) for number in answered_from)
        source = _SOURCE.format(source="; ".join(names), confidence=decimal(answer.confidence))
        shown = _emphasised(answer) if bold else printable(answer.answer)
        return "\n".join([f"{shown}\n\n{source}", *_said_elsewhere(answer)])
    lines = [REFUSAL]
    if answer.missing:
        lines.append(_MISSING.format(words=", ".join(printable(word) for word in answer.missing)))
    if answer.sources:
        nearest = list(dict.fromkeys(source_name(source) for source in answer.sources))[:3]
        lines.append(_NEAREST.format(sections="; ".join(nearest)))
    if answer.similar:
        lines.append(_SIMILAR.format(questions=" | ".join(printable(question) for question in answer.similar)))
    return "\n".join(lines)


def _emphasised(answer: Answer) -> str:
    """Return an answer with its highlights between the terminal's codes; only these command it."""
    text, shown, done = answer.answer or "", "", 0
    for span in answer.answer_span:
        part = answer.sources[span.source].text[span.start : span.end]
        here = text.find(part, done) - span.start
        for highlight in answer.highlights:
            if highlight.source == span.source and span.start <= highlight.start < highlight.end <= span.end:
                start, end = here + highlight.start, here + highlight.end
                shown += f"{printable(text[done:start])}{BOLD}{printable(text[start:end])}{PLAIN}"
                done = end
    return shown + printable(text[done:])


def _said_elsewhere(answer: Answer) -> list[str]:
    """Return what other articles say of the fact that was asked for: the same, in one line, other things in another."""
    if answer.agreement is None:
        return []
    own, agree, differ = answer.agreement.own, answer.agreement.agree, answer.agreement.differ
    lines = []
    if agree:
        titles = "; ".join(_title(answer.sources[statement.source]) for statement in agree)
        lines.append(_AGREE.format(count=len(agree), titles=titles))
    if differ:
        lines.append(_DIFFER.format(statements=" / ".join(_statement(answer, said) for said in (own, *differ))))
    return lines


def _statement(answer: Answer, said: Statement) -> str:
    """Return a fact, and the article and year that it is of: "193 negara (PBB, 2024)"."""
    place = [_title(answer.sources[said.source]), *([str(said.year)] if said.year else [])]
    return f"{_one_line(said.text)} ({', '.join(place)})"


def _title(source: Source) -> str:
    return _one_line(source.title or source.path)


def _one_line(text: str) -> str:
    return printable(text).replace("\n", " ")


def source_name(source: Source) -> str:
    """Return title, section and file of a source on one line."""
    name = SECTION_SEPARATOR.join(part for part in (source.title, source.section) if part)
    return _one_line(f"{name} [{source.path}]")


def decimal(value: float) -> str:
    """Return a number between 0 and 1 with two decimals, the Indonesian way.

    >>> decimal(0.973)
    '0,97'
    """
    return f"{value:.2f}".replace(".", ",")


def printable(text: str) -> str:
    r"""Return text that is safe on a terminal: line ends and tabs kept, what commands it or is never seen gone.

    >>> printable("a\x1b[31mb\u202ec\u3164\n")
    'a[31mbc\n'
    """
    text = drop_invisible(text)
    return "".join(c for c in text if c in "\n\t" or _is_safe(c))


def table(rows: Mapping[str, object]) -> str:
    """Return names and values in two columns.

    >>> print(table({"answerable": 3, "score": 0.5}))
    answerable  3
    score       0.5
    """
    width = max(len(name) for name in rows)
    return "\n".join(printable(f"{name:{width}}  {value}").replace("\n", " ") for name, value in rows.items())


def label_scores(scores: Mapping[str, Any]) -> str:
    """Return the scores of `evaluation.label_scores` as tables: overall, by form, by sector, confusion."""
    overall = {name: value for name, value in scores.items() if isinstance(value, (int, float))}
    lines = [table(overall)]
    for part in ("form", "sector"):
        lines.append("\n" + f"{part:22}{'precision':>10}{'recall':>10}{'f1':>10}{'n':>7}")
        lines += [
            f"{name:22}{row['precision']:10.3f}{row['recall']:10.3f}{row['f1']:10.3f}{row['n']:7}"
            for name, row in scores[part].items()
        ]
    forms = list(scores["confusion"])
    lines.append("\n" + f"{'gold / given':22}" + "".join(f"{name:>14}" for name in forms))
    lines += [f"{a:22}" + "".join(f"{row[b]:14}" for b in forms) for a, row in scores["confusion"].items()]
    if comparison := scores.get("comparison"):
        columns = ("old", "new", "difference", "low", "high")
        lines.append("\n" + f"{'comparison':22}" + "".join(f"{name:>11}" for name in columns))
        lines += [f"{name:22}" + "".join(f"{row[key]:11.3f}" for key in columns) for name, row in comparison.items()]
    return "\n".join(lines)


def suspect(found: Suspect) -> str:
    """Return a doubtful label as three lines: where it stands, given and likely labels, the text."""
    given = " ".join([found.text.form, *sorted(found.text.sectors)])
    likely = " ".join([found.form, *found.sectors])
    head = f"{found.text.place}  {found.doubt:.2f}"
    text = shorten(printable(found.text.text), _EXCERPT, placeholder=" ...")
    return f"{printable(head)}\n  {printable(given)} -> {printable(likely)}\n  {text}"


def info_text(manifest: Mapping[str, Any], folder: str) -> str:
    """Return what a model's manifest says, for a reader; "?" where it doesn't say.

    Only the format and the list of files were checked when it was read: the rest may be anything.
    """
    package, versions = _mapping(manifest.get("package")), _mapping(manifest.get("versions"))
    size = sum(entry["size"] for entry in manifest["files"].values())
    return table(
        {
            _("model"): folder,
            _("format"): manifest["format"],
            _("made by"): f"{package.get('name', '?')} {package.get('version', '?')}",
            _("with"): ", ".join(f"{name} {number}" for name, number in sorted(versions.items())),
            _("articles"): manifest.get("articles", "?"),
            _("passages"): manifest.get("passages", "?"),
            _("terms"): manifest.get("terms", "?"),
            _("size"): _("{kilobytes} kB").format(kilobytes=size // 1000),
        }
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
