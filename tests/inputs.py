"""What the tests of reading share: inputs to be read, and reading them as a job does."""

import csv
import io
import json
import pickle

import pytest

from kerjasama_nlp.inputs.rows import RowReader
from kerjasama_nlp.inputs.sources import open_source

TEXTS = ["Kabar desa", "Kék & “teh” – 3 €", 'Baris; dengan, tanda\tdan "kutip"', "b" * 3000]


def no_input():
    """Stand for a standard input that nobody should read."""
    pytest.fail("standard input was read")


def pipe(data):
    """Return what gives a standard input that holds `data`."""
    return lambda: io.BytesIO(data)


def read(source, standard_input=no_input, **options):
    """Return the rows of a source."""
    opened = open_source(str(source), standard_input, **options)
    reader = pickle.loads(pickle.dumps(RowReader.of(opened)))  # noqa: S301  # as workers get it
    return [row for block in opened.blocks() for row in reader.rows(pickle.loads(pickle.dumps(block.records)))]  # noqa: S301


def write(path, data):
    """Write text or bytes, and return the path."""
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def jsonl(texts):
    """Return texts as JSONL."""
    return "".join(
        json.dumps({"id": number, "text": text}, ensure_ascii=False) + "\n" for number, text in enumerate(texts)
    )


def table(texts, delimiter=","):
    """Return texts as a table."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows([["id", "text"], *enumerate(texts)])
    return buffer.getvalue()


class Dripping(io.BytesIO):
    """A pipe that gives a few bytes at once."""

    def __init__(self, data, sizes):
        super().__init__(data)
        self._sizes = sizes
        self._number = 0

    def read1(self, _size=-1):
        """Return the next bytes."""
        self._number += 1
        return super().read1(self._sizes[self._number % len(self._sizes)])


FORMATS = {
    "jsonl": jsonl,
    "ndjson": jsonl,
    "json": jsonl,
    "csv": table,
    "tsv": lambda texts: table(texts, "\t"),
    "txt": "\n".join,
}
