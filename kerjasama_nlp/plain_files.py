"""Opening files of a folder that strangers may have made: plain files only, and nothing that waits."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

# A link isn't followed, and a pipe without a writer doesn't wait for one; systems without these have neither.
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_plain(file: Path) -> BufferedReader:
    """Open a plain file to read its bytes.

    Raises OSError where there is none: a link (wherever it leads), a folder, a pipe, a socket or a device. None of
    them is opened, and none of them is waited for.
    """
    _refuse_special(file, file.lstat())
    descriptor = os.open(file, _FLAGS)
    try:
        _refuse_special(file, os.fstat(descriptor))  # it may have been exchanged since
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _refuse_special(file: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "no plain file", str(file))
