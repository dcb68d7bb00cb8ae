"""Columns: which one holds the text, which one the headline, and names that tell them apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _

# Columns that hold the text, the first one present counts; a headline stands before it where there is one.
TEXT_COLUMNS = ("text", "teks", "isi", "content", "konten", "berita")
TITLE_COLUMNS = ("judul", "title")
# Objects of a JSONL mostly have the same few sets of fields; those with more aren't remembered.
_FEW_FIELDS = 64
_REMEMBERED = 256


def find(names: Iterable[str], wanted: Iterable[str]) -> str | None:
    """Return the name that is the first of those wanted, letter case and spaces around it aside.

    >>> find(["id", "Isi", "TEXT"], TEXT_COLUMNS)
    'TEXT'
    """
    folded = {name.strip().lower(): name for name in names}
    return next((folded[name] for name in wanted if name in folded), None)


def named(names: Sequence[str], name: str) -> str | None:
    """Return the column that a person means by a name: that very one, otherwise letter case aside."""
    return name if name in names else find(names, [name.strip().lower()])


def text_and_title(names: Iterable[str], text_column: str | None) -> tuple[str | None, str | None]:
    """Return the columns of the text and of the headline among `names`, None where there is none.

    >>> text_and_title(["Judul", "isi", "ringkas"], None), text_and_title(["Judul", "isi"], "judul")
    (('isi', 'Judul'), ('Judul', None))
    """
    present = tuple(names)
    if len(present) > _FEW_FIELDS:
        return _text_and_title(present, text_column)
    return _remembered(present, text_column)


def _text_and_title(names: tuple[str, ...], text_column: str | None) -> tuple[str | None, str | None]:
    text = find(names, TEXT_COLUMNS) if text_column is None else named(names, text_column)
    title = find(names, TITLE_COLUMNS)
    return text, title if title != text else None


_remembered = lru_cache(_REMEMBERED)(_text_and_title)


class Chosen(NamedTuple):
    """The columns of the text and, where one was named, of the id."""

    text: str
    identity: str | None


def choose(names: Sequence[str], text_column: str | None, id_column: str | None) -> Chosen:
    """Return the columns of the text and of the id; raises InputError where one of them isn't there."""
    text, _title = text_and_title(names, text_column)
    if text is None:
        raise InputError(
            _("found the columns {columns}, none of them a text; name it with --text-column").format(
                columns=", ".join(names)
            )
        )
    return Chosen(text, choose_id(names, id_column))


def choose_id(names: Sequence[str], id_column: str | None) -> str | None:
    """Return the column of the id, None where none was named; raises InputError where it isn't there."""
    identity = None if id_column is None else named(names, id_column)
    if identity is None and id_column is not None:
        raise InputError(
            _("found the columns {columns}, but no {name}; name one of them with --id-column").format(
                columns=", ".join(names), name=id_column
            )
        )
    return identity


def split_names(cell: str) -> list[str]:
    """Return the names that a cell of a table joins by ";".

    >>> split_names("ekonomi; sosial;")
    ['ekonomi', 'sosial']
    """
    return [name.strip() for name in cell.split(";") if name.strip()]


def distinct(names: Iterable[str]) -> list[str]:
    """Return names of which each stands for one column: what is repeated gets a number.

    >>> distinct(["text", "", "text", "", "text_2"])
    ['text', '', 'text_2', '_2', 'text_2_2']
    """
    result: dict[str, None] = {}
    numbers: dict[str, int] = {}
    for name in names:
        unique = name
        while unique in result:
            numbers[name] = numbers.get(name, 1) + 1
            unique = f"{name}_{numbers[name]}"
        result[unique] = None
    return list(result)
