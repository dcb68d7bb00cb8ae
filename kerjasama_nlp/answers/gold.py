"""Questions with known answers.

A question file is JSONL: {"question", "answerable", "must_contain": [["a", "or b"], ["and c"]]}. An answer
is right when it holds one string of every inner list, letter case and white space aside, or one of the passages that
an optional "also" lists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question with what its answer must hold; without an answer in the corpus where `answerable` is false.

    An answer is right that holds a string of each tuple in `must_contain`, or one of the passages `also`.
    """

    text: str
    answerable: bool
    must_contain: tuple[tuple[str, ...], ...]
    also: tuple[str, ...] = ()

    def accepts(self, answer: str | None) -> bool:
        """Tell whether `answer` is right."""
        if answer is None or not self.answerable:
            return False
        folded = _fold(answer)
        held = all(any(_fold(text) in folded for text in alternatives) for alternatives in self.must_contain)
        return held or any(_fold(passage) in folded for passage in self.also)


def _fold(text: str) -> str:
    return re.sub(r"\s+", " ", text).lower()


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """A question and where it is answered: the article, and a sentence, an item or a list's lead-in, word for word.

    An empty `passage` says that no article answers it. `place` is where that was read, file and line; questions of one
    `author` are alike in their wording.
    """

    text: str
    article: str
    passage: str
    place: str
    author: str = ""


class QuestionFiles(NamedTuple):
    """What question files hold: questions to fit on or to measure with, and questions known to be answered."""

    gold: list[GoldQuestion]
    known: list[KnownAnswer]


def read(paths: Sequence[Path]) -> QuestionFiles:
    """Read question files.

    Lines {"question", "article", "passage"} that don't say whether they are "answerable" are known questions; with a
    passage that is null, questions known to have no answer.
    Raises InputError with file and line where a line is neither of the two.
    """
    found = QuestionFiles([], [])
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(_("{path}: cannot be read ({reason})").format(path=path, reason=error)) from None
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    row = json.loads(line)
                    if "answerable" in row:
                        found.gold.append(_parse(row))
                    else:
                        found.known.append(_parse_known(row, f"{path.name}:{number}"))
                except (ValueError, KeyError, TypeError, RecursionError):
                    raise InputError(
                        _('{path}:{number}: expected {{"question", "answerable", "must_contain"}}').format(
                            path=path, number=number
                        )
                    ) from None
    return found


def check_sorts(gold: Sequence[GoldQuestion]) -> None:
    """Raise InputError where all questions have an answer, or none has: nothing can be fitted or measured on those."""
    if not any(question.answerable for question in gold) or all(question.answerable for question in gold):
        raise InputError(_("found questions of one sort only; expected some with and some without an answer"))


def read_questions(paths: Sequence[Path]) -> list[GoldQuestion]:
    """Read questions to measure with, of both sorts; raises InputError as `read` and `check_sorts` do."""
    gold = read(paths).gold
    check_sorts(gold)
    return gold


def _parse_known(row: Any, place: str) -> KnownAnswer:
    question, article, passage, author = row["question"], row["article"], row["passage"], row.get("author", "")
    needed = (question,) if passage is None else (question, article, passage)
    if not all(isinstance(text, str) and text.strip() for text in needed) or not isinstance(author, str):
        raise ValueError
    return KnownAnswer(question, article or "", passage or "", place, author)


def _parse(row: Any) -> GoldQuestion:
    text, answerable = row["question"], row["answerable"]
    needed = tuple(tuple(alternatives) for alternatives in row["must_contain"])
    if not isinstance(text, str) or not isinstance(answerable, bool) or (answerable and not needed):
        raise ValueError
    if not all(isinstance(text, str) for alternatives in needed for text in alternatives):
        raise TypeError
    also = tuple(row.get("also", ()))
    if not all(isinstance(passage, str) and passage.strip() for passage in also):
        raise TypeError
    return GoldQuestion(text, answerable, needed, also)
