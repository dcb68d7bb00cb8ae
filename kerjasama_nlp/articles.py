"""Reading articles: .txt, .md, .html files and JSONL collections."""

from __future__ import annotations

import codecs
import gzip
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kerjasama_nlp import structure
from kerjasama_nlp.clean import clean
from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.markup import html_to_lines
from kerjasama_nlp.records import Article, Block

TEXT_SUFFIXES = frozenset({".txt", ".md", ".markdown", ".html", ".htm"})
_HTML_SUFFIXES = frozenset({".html", ".htm"})
_JSONL_NAME = re.compile(r".*\.jsonl(\.gz)?", re.IGNORECASE)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# A title made from the text's first words, where nothing else names the article.
_TITLE_WORDS = 8
# A NUL this early means a binary file; text in UTF-16 is told by its byte order mark before that.
_SNIFFED_BYTES = 8192


def decode(data: bytes, path: str, encoding: str = "utf-8") -> str:
    """Decode a file's bytes: by byte order mark where there is one, otherwise by `encoding`.

    Raises InputError for binary files and bytes that aren't in the encoding.
    """
    for bom, codec in _BOMS:
        if data.startswith(bom):
            encoding = codec
            break
    else:
        if b"\0" in data[:_SNIFFED_BYTES]:
            raise InputError(_("{path}: found a binary file, expected text").format(path=path))
    try:
        return data.decode(encoding)
    except LookupError:
        raise InputError(_("unknown encoding {encoding!r}; try utf-8 or cp1252").format(encoding=encoding)) from None
    except UnicodeDecodeError as error:
        raise InputError(
            _(
                "{path}: byte {position} is not {encoding}; save the file as UTF-8, "
                "or name its encoding, for example --encoding cp1252"
            ).format(path=path, position=error.start, encoding=encoding)
        ) from None


def read(path: Path, encoding: str = "utf-8") -> Iterator[Article]:
    """Yield the articles of a folder (recursively, sorted by name), a text file, or a JSONL file.

    Raises InputError where nothing can be read: no such path, no article in a folder, a binary
    file, a broken encoding, a JSONL line that isn't an object with a text.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file() and _readable(file.name))
        if not files:
            raise InputError(_("{path}: found no article; expected .txt, .md, .html or .jsonl files").format(path=path))
        for file in files:
            yield from _read_file(file, file.relative_to(path).as_posix(), encoding)
    elif path.is_file():
        yield from _read_file(path, path.name, encoding)
    else:
        raise InputError(_("{path}: no such file or folder").format(path=path))


def _readable(name: str) -> bool:
    if name.startswith("."):
        return False
    return Path(name).suffix.lower() in TEXT_SUFFIXES or _JSONL_NAME.fullmatch(name) is not None


def _read_file(file: Path, name: str, encoding: str) -> Iterator[Article]:
    try:
        if _JSONL_NAME.fullmatch(name):
            with gzip.open(file) if name.lower().endswith(".gz") else file.open("rb") as lines:
                yield from _read_jsonl(lines, name, encoding)
            return
        data = file.read_bytes()
    except (OSError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(_("{path}: cannot be read ({reason})").format(path=file, reason=reason)) from None
    text = decode(data, str(file), encoding)
    title = ""
    if file.suffix.lower() in _HTML_SUFFIXES:
        title, text = html_to_lines(text)
    article_id = name.rsplit(".", 1)[0]
    yield parse_article(article_id, title, text, path=name)


def _read_jsonl(lines: Iterable[bytes], name: str, encoding: str) -> Iterator[Article]:
    for number, line in enumerate(lines, 1):
        where = f"{name}:{number}"
        if not line.strip():
            continue
        try:
            row: Any = json.loads(decode(line, where, encoding))
        except (ValueError, RecursionError):
            raise InputError(
                _('{where}: not JSON; expected one object {{"id", "title", "text"}} a line').format(where=where)
            ) from None
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise InputError(_('{where}: expected an object with a string "text"').format(where=where))
        article_id = row.get("id")
        title = row.get("title")
        yield parse_article(
            str(article_id) if article_id not in (None, "") else where,
            title if isinstance(title, str) else "",
            row["text"],
            path=where,
        )


def parse_article(article_id: str, title: str, text: str, path: str) -> Article:
    r"""Clean and structure one article.

    Without a title of its own, the first heading is the title (and leaves the blocks when it stands
    above everything else), otherwise the first words are.

    >>> article = parse_article("a", "", "# ASEAN\n\nASEAN adalah perhimpunan.", path="a.md")
    >>> article.title, [block.text for block in article.blocks]
    ('ASEAN', ['ASEAN adalah perhimpunan.'])
    """
    front_title, text = _front_matter(clean(text))
    blocks = structure.parse(text)
    title = clean(title).replace("\n", " ") or front_title
    if not title and blocks:
        title, blocks = _title_from(blocks)
    return Article(article_id, title, path, tuple(blocks))


def _front_matter(text: str) -> tuple[str, str]:
    """Return the `title:` of a Markdown front matter ("" when there is none) and the text without it."""
    match = re.match(r"---\n(.*?)\n---(?:\n|$)", text, re.DOTALL)
    if match is None:
        return "", text
    title = re.search(r"^title:\s*[\"']?(.*?)[\"']?$", match[1], re.MULTILINE)
    return (title[1] if title else ""), text[match.end() :]


def _title_from(blocks: list[Block]) -> tuple[str, list[Block]]:
    first = blocks[0]
    if first.kind == "heading":
        return first.text, blocks[1:]
    for block in blocks:
        if block.kind == "heading":
            return block.text, blocks
    text = first.text or (first.items[0] if first.items else "")
    return " ".join(text.split()[:_TITLE_WORDS]), blocks
