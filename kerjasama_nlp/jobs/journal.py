"""The lines of a journal: what a crash tears can be told from what was written.

A line of the file is {"check": "60303ae22b998861", "line": {...}}, where `check` are the first digits of the
line's own SHA-256. A line without its end, or with another content than was written, is none.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_CHECK_DIGITS = 16
# The last lines of a journal are looked for in so many bytes at its end.
_TAIL_BYTES = 4096


def encode(line: Mapping[str, Any]) -> bytes:
    """Return a line as it stands in the file.

    >>> parse(encode({"rows": 512})), parse(encode({"rows": 512})[:-1])
    ({'rows': 512}, None)
    """
    text = json.dumps(line)
    return f'{{"check": "{_check(text)}", "line": {text}}}\n'.encode()


def parse(text: bytes) -> dict[str, Any] | None:
    """Return the line that stands in the file as `text`, None where it isn't sound."""
    try:
        value = json.loads(text)
        line: dict[str, Any] = value["line"]
        return line if text.endswith(b"\n") and _check(json.dumps(line)) == value["check"] else None
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def last(path: Path) -> dict[str, Any]:
    """Return the last sound line of a file, an empty one where none is near its end."""
    with path.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL_BYTES))
        for text in reversed(stream.readlines()):
            if (line := parse(text)) is not None:
                return line
    return {}


def _check(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_CHECK_DIGITS]
