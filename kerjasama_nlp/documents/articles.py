"""Reading articles: .txt, .md, .html files and JSONL collections."""

from __future__ import annotations

import codecs
import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import partial
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import Any

from kerjasama_nlp.documents import structure
from kerjasama_nlp.documents.markup import html_to_lines
from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.inputs import charsets
from kerjasama_nlp.inputs.blocks import MAX_ARTICLE_BYTES
from kerjasama_nlp.inputs.compression import TEXT_SUFFIXES
from kerjasama_nlp.language.clean import clean, drop_invisible
from kerjasama_nlp.records import Article, Block

_HTML_SUFFIXES = frozenset({".html", ".htm"})
_JSONL_NAME = re.compile(r".*\.jsonl(\.gz)?", re.IGNORECASE)
# A title made from the text's first words, where nothing else names the article.
_TITLE_WORDS = 8
# A NUL this early means a binary file, in all encodings but these, where a line's end holds NULs, too.
_SNIFFED_BYTES = 8192
_WIDE_ENCODINGS = ("utf-16", "utf-32")
# Bytes that a byte order mark takes at most.
_HEAD = 4
_Lines = BufferedReader | gzip.GzipFile
# A line of a Markdown front matter: a key, an item, a comment; below a key with > or | stands free text.
_KEY = re.compile(r"[\w-]+:(?:\s|$)")
_META = re.compile(r"[\w-]+:(?:\s.*)?|-.*|\#.*|")
_FREE_TEXT = re.compile(r"[\w-]+:\s[>|][+-]?")


def decode(data: bytes, path: str, encoding: str = "utf-8") -> str:
    """Decode a file's bytes: by byte order mark where there is one, otherwise by `encoding`.

    Raises InputError for binary files and bytes that aren't in the encoding.
    """
    charsets.check(encoding)
    encoding = charsets.sniff(data, encoding)
    if not _is_wide(encoding) and b"\0" in data[:_SNIFFED_BYTES]:
        raise InputError(_("{path}: found a binary file, expected text").format(path=path))
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            _(
                "{path}: byte {position} is not {encoding}; save the file as UTF-8, "
                "or name its encoding, for example --encoding cp1252"
            ).format(path=path, position=error.start, encoding=encoding)
        ) from None


def _is_wide(encoding: str) -> bool:
    return codecs.lookup(encoding).name.startswith(_WIDE_ENCODINGS)


def read(path: Path, encoding: str = "utf-8") -> Iterator[Article]:
    """Yield the articles of a folder (recursively, sorted by name), a text file, or a JSONL file.

    Raises InputError where nothing can be read: no such path, no article in a folder, a binary
    file, a broken encoding, a JSONL line that isn't an object with a text.
    """
    try:
        files = _files(path)
    except OSError as error:  # a name that the system doesn't take, a folder that it doesn't open
        raise _unreadable(path, error) from None
    ids = Counter(_stem(name) for _, name in files)
    names = {name for _, name in files}
    for file, name in files:
        stem = _stem(name)  # "a.md" and "a.txt" keep their suffixes, which is all that tells them apart
        yield from _read_file(file, name, stem if ids[stem] == 1 and stem not in names - {name} else name, encoding)


def _files(path: Path) -> list[tuple[Path, str]]:
    """Return the articles' files below a path with the names they go by."""
    if path.is_dir():
        found = [(file, file.relative_to(path)) for file in path.rglob("*") if file.is_file()]
        files = sorted((file, _printable(name.as_posix())) for file, name in found if _is_article(name))
        if not files:
            raise InputError(_("{path}: found no article; expected .txt, .md, .html or .jsonl files").format(path=path))
        return files
    if path.is_file():
        return [(path, _printable(path.name))]
    raise InputError(_("{path}: no such file or folder").format(path=path))


def _is_article(name: Path) -> bool:
    if any(part.startswith(".") for part in name.parts):
        return False
    return name.suffix.lower() in TEXT_SUFFIXES or _JSONL_NAME.fullmatch(name.name) is not None


def _printable(name: str) -> str:
    """Return a file's name with a "?" for each byte that isn't UTF-8, so that it can be stored."""
    return name.encode("utf-8", "replace").decode()


def _stem(name: str) -> str:
    return name.rsplit(".", 1)[0]


def _unreadable(path: Path, error: Exception) -> InputError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return InputError(_("{path}: cannot be read ({reason})").format(path=path, reason=reason))


def _read_file(file: Path, name: str, article_id: str, encoding: str) -> Iterator[Article]:
    try:
        if _JSONL_NAME.fullmatch(name):
            with gzip.open(file) if name.lower().endswith(".gz") else file.open("rb") as stream:
                yield from _read_jsonl(stream, name, encoding)
            return
        with file.open("rb") as stream:
            data = stream.read(MAX_ARTICLE_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(file, error) from None
    if len(data) > MAX_ARTICLE_BYTES:
        raise _too_long(str(file))
    text = decode(data, str(file), encoding)
    title = ""
    if file.suffix.lower() in _HTML_SUFFIXES:
        title, text = html_to_lines(text)
    yield parse_article(article_id, title, text, path=name)


def _too_long(where: str) -> InputError:
    return InputError(
        _("{path}: found an article of more than {limit} bytes; cut it into several").format(
            path=where, limit=MAX_ARTICLE_BYTES
        )
    )


def _jsonl_lines(stream: _Lines, name: str, encoding: str) -> Iterator[tuple[str, str]]:
    """Yield each line that isn't blank, decoded, below where it stands ("a.jsonl:3").

    A line's end is a single byte in all encodings but the wide ones, which are cut after decoding.
    """
    charsets.check(encoding)
    encoding = charsets.sniff(stream.peek(_HEAD)[:_HEAD], encoding)
    for number, line in enumerate(_cut(stream, encoding), 1):
        where = f"{name}:{number}"
        if len(line) > MAX_ARTICLE_BYTES:
            raise _too_long(where)
        if line.strip():
            yield where, decode(line, where, encoding) if isinstance(line, bytes) else _intact(line, where, encoding)


def _cut(stream: _Lines, encoding: str) -> Iterator[bytes | str]:
    """Yield the lines of a file, cut off where they are too long: decoded where the encoding is a wide one."""
    if not _is_wide(encoding):
        yield from iter(partial(stream.readline, MAX_ARTICLE_BYTES + 1), b"")
        return
    with TextIOWrapper(stream, encoding, errors=charsets.MARK, newline="\n") as text:
        yield from iter(partial(text.readline, MAX_ARTICLE_BYTES + 1), "")


def _intact(line: str, where: str, encoding: str) -> str:
    """Return a line as it is; raises InputError where bytes of it weren't in the encoding."""
    if charsets.BROKEN in line:
        raise InputError(
            _(
                "{path}: not {encoding}; save the file as UTF-8, or name its encoding, for example --encoding cp1252"
            ).format(path=where, encoding=encoding)
        )
    return line


def _read_jsonl(stream: _Lines, name: str, encoding: str) -> Iterator[Article]:
    for where, line in _jsonl_lines(stream, name, encoding):
        try:
            row: Any = json.loads(line)
        except (ValueError, RecursionError):
            raise InputError(
                _('{where}: not JSON; expected one object {{"id", "title", "text"}} a line').format(where=where)
            ) from None
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise InputError(_('{where}: expected an object with a string "text"').format(where=where))
        article_id = row.get("id")
        title = row.get("title")
        yield parse_article(
            drop_invisible(str(article_id))
            if isinstance(article_id, str | int | float) and article_id != ""
            else where,
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
    title = " ".join(clean(title).split()) or front_title
    if not title and blocks:
        found, blocks = _title_from(blocks)  # without marks of Markdown an entity may have come about: "&`amp;"
        title = " ".join(clean(found).split()) or found.replace("&", " ").strip()
    return Article(article_id, title, path, tuple(blocks))


def _front_matter(text: str) -> tuple[str, str]:
    """Return the `title:` of a Markdown front matter ("" when there is none) and the text without it."""
    lines = text.split("\n") if text.startswith("---\n") else []
    if "---" not in lines[1:]:
        return "", text
    end = lines.index("---", 1)
    free_text = title = ""
    for line in lines[1:end]:
        if _KEY.match(line):
            free_text = line if _FREE_TEXT.fullmatch(line) else ""
        elif not free_text and not _META.fullmatch(line):
            return "", text  # a rule above a text, and another one below
        title = title or _title_value(line)
    return title, "\n".join(lines[end + 1 :])


def _title_value(line: str) -> str:
    match = re.fullmatch(r"title:\s*[\"']?(.*?)[\"']?", line)
    return match[1].strip() if match else ""  # quotation marks may hold white space


def _title_from(blocks: list[Block]) -> tuple[str, list[Block]]:
    first = blocks[0]
    if first.kind == "heading":
        return first.text, blocks[1:]
    for block in blocks:
        if block.kind == "heading":
            return block.text, blocks
    text = first.text or (first.items[0] if first.items else "")
    return " ".join(text.split()[:_TITLE_WORDS]), blocks
