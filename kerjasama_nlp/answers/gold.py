"""Questions with known answers.

A question file is JSONL: {"question", "answerable", "must_contain": [["a", "or b"], ["and c"]]}. An answer
is right when it holds one string of every inner list, letter case and white space aside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question with what its answer must hold; without an answer in the corpus where `answerable` is false."""

    text: str
    answerable: bool
    must_contain: tuple[tuple[str, ...], ...]

    def accepts(self, answer: str | None) -> bool:
        """Tell whether `answer` is right."""
        if answer is None or not self.answerable:
            return False
        folded = _fold(answer)
        return all(any(_fold(text) in folded for text in alternatives) for alternatives in self.must_contain)


def _fold(text: str) -> str:
    return re.sub(r"\s+", " ", text).lower()


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """A question and where it is answered: the article, and a sentence, an item or a list's lead-in, word for word.

    `place` is where that was read, file and line.
    """

    text: str
    article: str
    passage: str
    place: str


def read_known(paths: Sequence[Path]) -> list[KnownAnswer]:
    """Read the lines {"question", "article", "passage"} of question files, which don't say what an answer must contain.

    Raises InputError with file and line where a line is neither such a question nor one of `read_questions`.
    """
    return [found for found in _read(paths) if isinstance(found, KnownAnswer)]


def read_questions(paths: Sequence[Path]) -> list[GoldQuestion]:
    """Read questions that say what their answer must contain; see `read_known` for the others.

    Raises InputError with file and line where a line isn't a question, or where all questions are of one sort.
    """
    found = [entry for entry in _read(paths) if isinstance(entry, GoldQuestion)]
    if not any(q.answerable for q in found) or all(q.answerable for q in found):
        raise InputError(_("found questions of one sort only; expected some with and some without an answer"))
    return found


def has_gold(paths: Sequence[Path]) -> bool:
    """Tell whether some questions say what their answer must contain, so that a ranker can be fitted on them."""
    return any(isinstance(entry, GoldQuestion) for entry in _read(paths))


def _read(paths: Sequence[Path]) -> Iterator[GoldQuestion | KnownAnswer]:
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(_("{path}: cannot be read ({reason})").format(path=path, reason=error)) from None
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    row = json.loads(line)
                    yield _parse_known(row, f"{path.name}:{number}") if "answerable" not in row else _parse(row)
                except (ValueError, KeyError, TypeError, RecursionError):
                    raise InputError(
                        _('{path}:{number}: expected {{"question", "answerable", "must_contain"}}').format(
                            path=path, number=number
                        )
                    ) from None


def _parse_known(row: Any, place: str) -> KnownAnswer:
    question, article, passage = row["question"], row["article"], row["passage"]
    if not all(isinstance(text, str) and text.strip() for text in (question, article, passage)):
        raise ValueError
    return KnownAnswer(question, article, passage, place)


def _parse(row: Any) -> GoldQuestion:
    text, answerable = row["question"], row["answerable"]
    needed = tuple(tuple(alternatives) for alternatives in row["must_contain"])
    if not isinstance(text, str) or not isinstance(answerable, bool) or (answerable and not needed):
        raise ValueError
    if not all(isinstance(text, str) for alternatives in needed for text in alternatives):
        raise TypeError
    return GoldQuestion(text, answerable, needed)
