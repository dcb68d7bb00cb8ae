"""The only opener of packaged data: word lists, the shipped corpus and the shipped model.

Word lists are UTF-8 text, one entry a line; `#` starts a comment that explains the group below it.
Tables separate their columns by a tab.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def lines(name: str) -> tuple[str, ...]:
    """Return the entries of a packaged word list, comments and blank lines dropped.

    >>> "yang" in lines("stopwords.txt")
    True
    """
    text = (DATA / name).read_text(encoding="utf-8")
    kept = (line.split("#", 1)[0].strip() for line in text.splitlines())
    return tuple(line for line in kept if line)


def table(name: str) -> tuple[tuple[str, ...], ...]:
    """Return the rows of a packaged table, each a tuple of its tab-separated columns, stripped.

    >>> ("tujuan", "tujuan") in table("stem_exceptions.tsv")
    True
    """
    return tuple(tuple(cell.strip() for cell in line.split("\t")) for line in lines(name))


def read_json(name: str) -> Any:
    """Return what a packaged JSON file holds."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@cache
def shipped(name: str) -> Path:
    """Return the folder of shipped data `name` ("corpus" or "models").

    Both are data packages inside `kerjasama_nlp` (see pyproject.toml), so the import system finds
    them in a wheel, an sdist and an editable install by this one way.
    """
    package = import_module(f"kerjasama_nlp.{name}")
    return Path(next(iter(package.__path__)))


def default_model() -> Path:
    """Return the folder of the model that ships with the package."""
    return shipped("models") / "default"
