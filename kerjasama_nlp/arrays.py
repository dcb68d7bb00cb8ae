"""Plain arrays in files: one dimension, one of four types, no pickle; large ones are memory-mapped."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Arrays from this size on are memory-mapped.
MAPPED_BYTES = 1 << 20
# An array file starts with this, the header's length in two bytes, and the header: a Python dictionary
# (the text below, padded with spaces). NumPy's own reader parses whatever stands there, and reserves as
# much memory as it promises.
_NPY_MAGIC = b"\x93NUMPY\x01\x00"
_NPY_HEADER = re.compile(
    rb"\{'descr': '(?P<descr>[|<][uif][1-8])', 'fortran_order': False, 'shape': \((?P<length>\d{1,18}),\), \} *\n"
)


def check_offsets(name: str, offsets: NDArray[np.int64], length: int) -> None:
    """Raise ValueError unless `offsets` climb from 0 to `length`."""
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != length or bool((offsets[1:] < offsets[:-1]).any()):
        raise ValueError(name)


def read_array(folder: Path, name: str, dtype: str) -> NDArray[Any]:
    """Return an array, memory-mapped where it is large; raises ValueError where it is no such array."""
    file = folder / f"{name}.npy"
    expected = np.dtype(dtype)
    with file.open("rb") as stream:
        start = stream.read(len(_NPY_MAGIC) + 2)
        header = stream.read(int.from_bytes(start[len(_NPY_MAGIC) :], "little"))
        match = _NPY_HEADER.fullmatch(header)
        if not start.startswith(_NPY_MAGIC) or match is None or match["descr"] != expected.str.encode():
            raise ValueError(file.name)
        length, size = int(match["length"]), file.stat().st_size
        if length * expected.itemsize != size - stream.tell():
            raise ValueError(file.name)
        if length and size >= MAPPED_BYTES:
            return np.asarray(np.memmap(stream, expected, "r", stream.tell()))
        return np.fromfile(stream, expected)
