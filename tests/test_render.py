"""Rendering: what reaches a terminal is harmless, and what is JSON stays JSON, whatever the text holds."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp import i18n
from kerjasama_nlp.records import Agreement, Answer, Source, Span, Statement
from kerjasama_nlp.terminal import help_text, render

HARMFUL = (
    "\x00\x07\x08\x1b\x7f\x85\x9b\x9d\r\n\t\v\f\xad\u061c\u200b\u200d\u200f\u2028\u2029\u202e\u2066\ufeff"
    "\u0600\U000110bd\U000e0041"
)


def _mixed(rare, common):
    """Return texts half of whose characters are rare ones; `st.text` would give all characters the same weight."""
    return st.lists(st.sampled_from(rare) | common, max_size=20).map("".join)


HOSTILE = _mixed(HARMFUL, st.characters(exclude_categories=["Cs"]))
# Half characters, as cut-off JSON and file names hold them.
SURROGATES = _mixed("\ud83d\ude00\udcff", st.characters(categories=["L"]))
CONTROLS = {"Cc", "Cf", "Cs", "Zl", "Zp"}
ANSWER_KEYS = ["question", "answer", "confidence", "sources"]
SOURCE_KEYS = {"article_id", "title", "section", "path", "text", "score"}


def _source(text="Pakta Danau adalah perjanjian.", title="Pakta Danau", section="Isi", path="a.txt", score=2.5):
    return Source("a", title, section, path, text, score)


def _controls(text):
    return {c for c in text if unicodedata.category(c) in CONTROLS}


@given(HOSTILE | SURROGATES)
def test_printable_text_commands_no_terminal(text):
    """Only line ends and tabs are left of all control, format and separator characters."""
    assert _controls(render.printable(text)) <= {"\n", "\t"}


@given(HOSTILE | SURROGATES)
def test_printable_keeps_everything_else(text):
    """Characters that do no harm stay, in order; and printing twice changes nothing."""
    printed = render.printable(text)
    harmless = [c for c in text if c in "\n\t" or unicodedata.category(c) not in CONTROLS]
    assert printed == "".join(harmless)
    assert render.printable(printed) == printed


@given(HOSTILE, HOSTILE, HOSTILE)
def test_source_name_is_one_harmless_line(title, section, path):
    """Title, heading and file name stand on one line, however they are written."""
    name = render.source_name(_source(title=title, section=section, path=path))
    assert _controls(name) <= {"\t"}


@given(HOSTILE, HOSTILE, st.lists(HOSTILE, max_size=3), st.booleans())
def test_answer_text_is_harmless(answer, title, missing, refused):
    """Neither an answer nor a refusal hands control characters of the corpus or the question on."""
    reply = Answer("apa", None if refused else answer, 0.5, (_source(title=title, path=title),), tuple(missing))
    assert _controls(render.answer_text(reply)) <= {"\n", "\t"}


@given(HOSTILE | SURROGATES, HOSTILE | SURROGATES, st.floats(0, 1))
def test_answer_json_is_one_line_that_reads_back(question, text, confidence):
    """One answer is one line of UTF-8 JSON with the very text in it; half characters are replaced."""
    line = render.answer_json(Answer(question, text, confidence, (_source(text=text, title=text),)))

    assert line.count("\n") == 0
    row = json.loads(line.encode("utf-8"))
    assert row["question"].encode("utf-8").decode("utf-8") == row["question"]
    if not any("\ud800" <= c <= "\udfff" for c in question + text):
        assert (row["question"], row["answer"]) == (question, text)
        assert row["sources"][0]["text"] == row["sources"][0]["title"] == text
    assert row["confidence"] == pytest.approx(confidence, abs=1e-4)
    assert 0 <= row["confidence"] <= 1


@given(HOSTILE)
def test_json_commands_no_terminal(text):
    """JSON escapes what a terminal would obey and what other tools take for a line's end."""
    line = render.answer_json(Answer(text, text, 0.5, (_source(text=text),)))
    assert json.loads(line)["answer"] == text
    assert _controls(line) == set()
    assert len(line.splitlines()) == 1


def test_answer_json_has_the_keys_of_the_contract():
    """Sources hold exactly the contract's keys, for answers and refusals alike."""
    for answer in ("Sebuah jawaban.", None):
        row = json.loads(render.answer_json(Answer("apa", answer, 0.5, (_source(), _source(title="Lain")))))
        assert list(row)[: len(ANSWER_KEYS)] == ANSWER_KEYS
        assert [set(source) for source in row["sources"]] == [SOURCE_KEYS, SOURCE_KEYS]


def test_answer_json_has_more_keys():
    """Behind the four keys that were promised stand words that nothing was found on, and where the answer stands."""
    row = json.loads(render.answer_json(Answer("apa", None, 0.0, missing=("emas",))))
    assert list(row) == [*ANSWER_KEYS, "missing", "answer_span", "highlights", "agreement"]
    assert [row[key] for key in list(row)[4:]] == [["emas"], None, [], None]
    spans = (Span(1, 0, 5), Span(0, 6, 11))
    row = json.loads(
        render.answer_json(
            Answer("apa", "Pakta\nDanau", 0.5, (_source(),) * 2, answer_span=spans, highlights=spans[1:])
        )
    )
    assert row["highlights"] == [{"source": 0, "start": 6, "end": 11}]
    assert row["answer_span"] == [{"source": 1, "start": 0, "end": 5}, {"source": 0, "start": 6, "end": 11}]


def test_answer_text_names_its_source():
    """An answer is followed by a blank line and where it comes from, with the confidence in Indonesian."""
    text = render.answer_text(Answer("apa", "Pakta Danau adalah perjanjian.", 0.973, (_source(), _source())))
    assert text == ("Pakta Danau adalah perjanjian.\n\nSumber: Pakta Danau > Isi [a.txt] (keyakinan 0,97)")


@pytest.mark.parametrize(
    ("places", "named"),
    [
        ([0], "Pakta Danau > Isi [a.txt]"),
        ([0, 1], "Pakta Danau > Isi [a.txt]; Pakta Gunung > Isi [a.txt]"),
        ([1, 0, 1], "Pakta Gunung > Isi [a.txt]; Pakta Danau > Isi [a.txt]"),
        ([0, 2], "Pakta Danau > Isi [a.txt]"),
    ],
    ids=["one", "two", "in the order of the answer", "two passages of one section"],
)
def test_answer_text_names_all_its_sources(places, named):
    """An answer put together from several passages names the place of each once."""
    sources = (_source(), _source(title="Pakta Gunung"), _source(text="Lain."))
    spans = tuple(Span(place, 0, 3) for place in places)
    shown = render.answer_text(Answer("apa", "Pak", 0.5, sources, answer_span=spans))
    assert shown == f"Pak\n\nSumber: {named} (keyakinan 0,50)"


def _marked(text, *highlights, heading="", cut=""):
    """Return an answer of a whole source, parts of which are the fact that was asked for."""
    spans = tuple(Span(0, start, end) for start, end in highlights)
    return Answer(
        "apa",
        f"{heading}{text}{cut}",
        0.5,
        (_source(text=text),),
        answer_span=(Span(0, 0, len(text)),),
        highlights=spans,
    )


@pytest.mark.parametrize(("heading", "cut"), [("", ""), ("Pakta: ", " …")], ids=["plain", "headed and cut"])
def test_facts_are_bold(heading, cut):
    """On request the facts in an answer stand between the codes for bold and for no longer bold, and nothing else."""
    shown = render.answer_text(_marked("3 Mei 1971 di Bogota", (0, 10), (14, 20), heading=heading, cut=cut), bold=True)
    fact = f"{heading}\x1b[1m3 Mei 1971\x1b[0m di \x1b[1mBogota\x1b[0m{cut}"
    assert shown == f"{fact}\n\nSumber: Pakta Danau > Isi [a.txt] (keyakinan 0,50)"


def test_facts_of_several_sources_are_bold():
    """The parts of an answer put together from two sources keep their facts."""
    sources = (_source(text="Ada 1."), _source(text="Ada 2."))
    spans = (Span(1, 0, 6), Span(0, 0, 6))
    answer = Answer("apa", "Ada 2.\nAda 1.", 0.5, sources, answer_span=spans, highlights=(Span(0, 4, 5),))
    assert render.answer_text(answer, bold=True).startswith("Ada 2.\nAda \x1b[1m1\x1b[0m.\n")


@given(HOSTILE | SURROGATES, st.integers(0, 5), st.integers(1, 9))
def test_bold_facts_are_harmless(text, start, length):
    """Beside the two codes no text smuggles anything to the terminal, wherever its fact begins and ends."""
    answer = _marked(text, (start, start + length)) if start + length <= len(text) else _marked(text)
    shown = render.answer_text(answer, bold=True)
    assert shown.count("\x1b") == 2 * len(answer.highlights)
    plain = shown.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert _controls(plain) <= {"\n", "\t"}
    assert render.answer_text(answer).replace("\x1b", "") == render.answer_text(answer)


@given(HOSTILE | SURROGATES, HOSTILE | SURROGATES)
def test_what_other_articles_say_is_harmless(text, title):
    """Facts and titles of other articles stand on one line each, without what commands a terminal."""
    said = [Statement(number, 0, len(text), text, None) for number in range(3)]
    sources = tuple(_source(text=text, title=title) for _ in said)
    answer = Answer("apa", "Ya.", 0.5, sources, agreement=Agreement(said[0], (said[1],), (said[2],)))
    lines = render.answer_text(answer).split("\n")
    assert len(lines) == 5
    assert _controls("".join(lines)) <= {"\t"}
    assert json.loads(render.answer_json(answer))["agreement"]["differ"][0]["source"] == 2


def test_source_without_a_section():
    """A source without a heading is named by its title alone."""
    assert render.source_name(_source(section="")) == "Pakta Danau [a.txt]"


def test_refusal_names_what_is_missing_and_near():
    """A refusal says so, which words it found nothing on, and at most three different places nearby."""
    sources = tuple(_source(section=section) for section in ("Isi", "Isi", "Tujuan", "Sejarah", "Anggota"))
    text = render.answer_text(Answer("apa", None, 0.1, sources, ("emas", "perak")))
    assert text.splitlines() == [
        "Korpus tidak memuat jawabannya.",
        "Tidak ditemukan: emas, perak.",
        "Bagian terdekat: Pakta Danau > Isi [a.txt]; Pakta Danau > Tujuan [a.txt]; Pakta Danau > Sejarah [a.txt].",
    ]


def test_refusal_without_anything_near():
    """Where nothing was found at all, the refusal is one sentence."""
    assert render.answer_text(Answer("apa", None, 0.0)) == "Korpus tidak memuat jawabannya."


def test_answers_are_indonesian_in_every_language(monkeypatch):
    """The frame around answers and refusals doesn't follow the reader's language."""
    replies = [Answer("apa", "Ya.", 0.5, (_source(),)), Answer("apa", None, 0.1, (_source(),), ("emas",))]
    seen = set()
    for language in ("id", "en", "c"):
        monkeypatch.setenv("KERJASAMA_LANG", language)
        seen.add(tuple(render.answer_text(reply) + render.answer_json(reply) for reply in replies))
    assert len(seen) == 1


def test_info_of_a_sparse_manifest():
    """What an older manifest doesn't say is shown as unknown; the columns stand under each other."""
    manifest = {"format": 1, "package": {"name": "x", "version": "0"}, "files": {"a.npy": {"size": 2999}}}
    assert render.info_text(manifest, "model/baru").splitlines() == [
        "model     model/baru",
        "format    1",
        "made by   x 0",
        "with      ",
        "articles  ?",
        "passages  ?",
        "terms     ?",
        "size      2 kB",
    ]


@pytest.mark.parametrize(
    "value", ["../../../etc", "id\nen", "x" * 5000, "%", "id@latin", "☃", "--", "."], ids=lambda value: value[:9]
)
def test_strange_languages_are_english(monkeypatch, value):
    """A language that nobody translated to, or that is none, gives English and never fails."""
    monkeypatch.setenv("KERJASAMA_LANG", value)
    assert i18n._("no such thing") == "no such thing"
    assert "\n" in render.info_text({"format": 1, "package": {}, "files": {}}, "model")


def test_progress_is_not_redrawn_all_the_time(monkeypatch, capsys):
    """Counting is drawn at most ten times a second, on one line of standard error."""
    clock = iter([100.0, 100.001, 100.002, 100.05, 100.2, 100.21])
    monkeypatch.setattr(help_text.time, "monotonic", lambda: next(clock))
    progress = help_text.Progress("artikel")
    for count in range(1, 6):
        progress(count)
    drawn = capsys.readouterr()
    assert drawn.out == ""
    assert [part.split()[0] for part in drawn.err.split("\r\x1b[K") if part] == ["1", "4"]
    assert "\n" not in drawn.err


def test_other_errors_are_no_usage_errors():
    """Only what the command line's parser raises is told as a wrong call."""
    assert help_text.usage_message(ValueError("rusak")) is None
