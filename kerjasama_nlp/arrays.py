"""Plain arrays in files: one dimension, one of five types, no pickle; large ones are memory-mapped.

Checking their values, and writing them, goes piece by piece: it takes no memory that grows with an array.
"""

from __future__ import annotations

import mmap
import os
import re
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.plain_files import open_plain

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Arrays from this size on are memory-mapped.
MAPPED_BYTES = 1 << 20
# Values that are checked at once.
_PIECE = 1 << 20
# An array file starts with this, the header's length in two bytes, and the header: a Python dictionary
# (the text below, padded with spaces). NumPy's own reader parses whatever stands there, and reserves as
# much memory as it promises.
_NPY_MAGIC = b"\x93NUMPY\x01\x00"
_NPY_HEADER = re.compile(
    rb"\{'descr': '(?P<descr>[|<][uif][1-8])', 'fortran_order': False, 'shape': \((?P<length>\d{1,18}),\), \} *\n"
)


def check_offsets(name: str, offsets: NDArray[np.int64], length: int) -> None:
    """Raise ValueError unless `offsets` climb from 0 to `length`."""
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != length:
        raise ValueError(name)
    for start in range(0, len(offsets), _PIECE):
        piece = offsets[start : start + _PIECE + 1]
        if bool((piece[1:] < piece[:-1]).any()):
            raise ValueError(name)


def check_range(name: str, values: NDArray[Any], least: float, most: float) -> None:
    """Raise ValueError unless all values are numbers from `least` to `most`."""
    # the minimum of values of which one is no number is none either, and compares as false
    if len(values) and not (least <= values.min().item() and values.max().item() <= most):
        raise ValueError(name)


def read_array(folder: Path, name: str, dtype: str) -> NDArray[Any]:
    """Return an array, memory-mapped where it is large.

    Raises ValueError where it is no such array: another header than `model.save` writes, or one that promises
    more or fewer bytes than follow; OSError where it is no plain file.
    """
    expected = np.dtype(dtype)
    with open_plain(folder / f"{name}.npy") as stream:
        start = stream.read(len(_NPY_MAGIC) + 2)
        header = stream.read(int.from_bytes(start[len(_NPY_MAGIC) :], "little"))
        match = _NPY_HEADER.fullmatch(header)
        if not start.startswith(_NPY_MAGIC) or match is None or match["descr"] != expected.str.encode():
            raise ValueError(f"{name}.npy")
        length, size = int(match["length"]), os.fstat(stream.fileno()).st_size
        if length * expected.itemsize != size - stream.tell():
            raise ValueError(f"{name}.npy")
        if length and size >= MAPPED_BYTES:
            return np.asarray(np.memmap(stream, expected, "r", stream.tell()))
        return np.fromfile(stream, expected)


def write_array(file: Path, array: NDArray[Any]) -> None:
    """Write an array of one dimension as `read_array` reads it; raises OSError."""
    with file.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(array))
        for start in range(0, len(array), _PIECE):
            stream.write(array[start : start + _PIECE].tobytes())
            _forget(array)


def _forget(array: NDArray[Any]) -> None:
    """Let the system take back the memory of an array that is mapped from a file."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


def unnamed_file(in_memory: int, folder: Path | None) -> SpooledTemporaryFile[bytes]:
    """Return a file to write and read: in memory up to so many bytes, then without a name in `folder`.

    None is where the system has temporary files. It ends with the process, whatever ends that.
    """
    return SpooledTemporaryFile(in_memory, dir=None if folder is None else str(folder))


class Spool:
    """An array that is made piece by piece: in memory while it is small, then in a temporary file without a name.

    That stands in `folder` (None: where the system has them), and ends with the process whatever ends it. It is written
    in a `with` block; the array outlives that.
    """

    def __init__(self, dtype: str, folder: Path | None = None) -> None:
        self._dtype = np.dtype(dtype)
        self._file = unnamed_file(MAPPED_BYTES, folder)
        self.write = self._file.write

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def array(self) -> NDArray[Any]:
        """Return what was written, memory-mapped where it is large."""
        size = self._file.tell()
        if size < MAPPED_BYTES:
            self._file.seek(0)
            return np.frombuffer(self._file.read(), self._dtype)
        self._file.flush()
        return np.asarray(np.memmap(self._file, self._dtype, "r"))
