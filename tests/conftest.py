"""What several test modules share."""

import contextlib
import gc
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import traceback
import warnings
import zlib
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import settings

from kerjasama_nlp import model_files

# Started in the background, as by `nohup`, a process and all that it starts would ignore what tests send them.
for _signal in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, signal.default_int_handler if _signal == signal.SIGINT else signal.SIG_DFL)

DATA = Path(__file__).parent / "data"
PROJECT = Path(__file__).parent.parent

# The same examples in every run, and no verdict over a machine that is busy.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")

# Tenfold steps up to 100 kB; what takes less time than the one isn't compared, it is mostly noise,
# what takes more than the other is no hiccup of the machine.
SIZES = (100, 1_000, 10_000, 100_000)
NOTICEABLE_SECONDS = 0.02
HICCUP_SECONDS = 5.0


def cases(name):
    """Return the cases of a data file as pytest parameters, named by their labels."""
    rows = json.loads((DATA / name).read_text(encoding="utf-8"))
    return [
        pytest.param(row, id=row["label"], marks=[pytest.mark.xfail(reason=row["xfail"])] if "xfail" in row else [])
        for row in rows
    ]


def seal(folder, changes=None, *, recount=False):
    """Make a model's manifest fit the files that stand there, with `changes` to it, as only its author could.

    With `recount` the passages' sums fit them, too, where their lines can be told apart.
    """
    if recount:
        blob, offsets = (np.fromfile(folder / f"{name}.npy", "|u1")[128:] for name in ("passages", "passages_offsets"))
        cuts = pairwise(offsets[: len(offsets) // 8 * 8].view("<i8").tolist())
        sums = np.array([zlib.crc32(blob[start:end].tobytes()) for start, end in cuts], dtype="<u4")
        np.save(folder / "passages_sums.npy", sums)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for name in manifest["files"]:
        data = (folder / name).read_bytes()
        manifest["files"][name] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    manifest |= changes or {}
    text = json.dumps(manifest | {"sha256": model_files.seal(manifest)})
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def read_terminal(descriptor):
    """Return what is written to a terminal until its other end closes, and close it."""
    shown = b""
    with contextlib.suppress(OSError):  # the end of a terminal
        while piece := os.read(descriptor, 1 << 16):
            shown += piece
    os.close(descriptor)
    return shown.decode("utf-8")


def error_line(reply, code):
    """Check an error: its exit code, nothing on standard output, one line on standard error; return the line."""
    assert (reply.code, reply.out) == (code, "")
    assert reply.err.startswith("kerjasama: error: ")
    assert reply.err.count("\n") == 1
    assert reply.err.endswith("\n")
    return reply.err


def shown(blocks):
    """Return blocks as the data files write them: "# heading", "paragraph", ["lead-in", "item", ...]."""
    forms = {
        "heading": lambda block: "#" * block.level + " " + block.text,
        "paragraph": lambda block: block.text,
        "list": lambda block: [block.text, *block.items],
    }
    return [forms[block.kind](block) for block in blocks]


def growth(function, case):
    """Call `function` with ever longer texts of a hostile case.

    Return None where ten times the text takes less than twenty times as long, otherwise what was measured.
    It stops at the first size that took too long.
    """

    def seconds(size):
        text = case["before"] + case["unit"] * (size // len(case["unit"])) + case["after"]
        start = time.process_time()
        function(text)
        return time.process_time() - start

    shorter = seconds(SIZES[0])
    for size in SIZES[1:]:
        longer = seconds(size)
        if longer > max(20 * shorter, NOTICEABLE_SECONDS):
            if longer < HICCUP_SECONDS:  # once more, to be sure
                shorter, longer = max(shorter, seconds(size // 10)), min(longer, seconds(size))
            if longer > max(20 * shorter, NOTICEABLE_SECONDS):
                return f"{size} characters took {longer:.3f} s, a tenth of them {shorter:.4f} s"
        shorter = longer
    return None


@pytest.fixture(autouse=True)
def _english(monkeypatch):
    """Keep messages English, wherever the tests run; a test may set another language."""
    for name in os.environ:
        if name.startswith(("LC_", "LANG", "KERJASAMA")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LC_ALL", "C")


@pytest.fixture
def kerjasama(tmp_path):
    """Run the real command in a folder of its own; English messages unless the test says otherwise."""

    def run(*args, stdin="", env=None, cwd=tmp_path, binary=False):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "KERJASAMA"))}
        environment |= {"LC_ALL": "C"} | (env or {})
        return subprocess.run(
            [sys.executable, "-m", "kerjasama_nlp", *map(str, args)],
            input=stdin if binary else stdin.encode(),
            capture_output=True,
            env=environment,
            cwd=cwd,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def shipped():
    """Return the shipped model, opened once."""
    from kerjasama_nlp import load

    return load()


@pytest.fixture(scope="session")
def shipped_ranker(shipped):
    """Return the shipped ranker, for small models of a test's own."""
    return shipped.ranker


@pytest.fixture
def small_articles(tmp_path):
    """Write three small articles and return their folder."""
    folder = tmp_path / "artikel"
    folder.mkdir()
    (folder / "serikat-kopi.md").write_text(
        "# Serikat Kopi Selatan\n\nSerikat Kopi Selatan (SKS) adalah organisasi negara penghasil kopi.\n\n"
        "## Sejarah Serikat Kopi Selatan\n\nSerikat Kopi Selatan didirikan di Bogota pada 3 Mei 1971 "
        "oleh lima negara.\n\n"
        "## Tujuan Serikat Kopi Selatan\n\nTujuan Serikat Kopi Selatan ialah:\n\n"
        "1. menjaga harga kopi;\n2. melatih petani;\n3. membuka pasar baru.\n",
        encoding="utf-8",
    )
    (folder / "pakta.txt").write_text(
        "Pakta Danau Biru\n\nPakta Danau Biru merupakan perjanjian dua negara tentang air danau.\n"
        "Perjanjian itu ditandatangani karena permukaan danau terus turun akibat irigasi.\n",
        encoding="utf-8",
    )
    (folder / "halaman.html").write_text(
        "<html><head><title>Forum Angin</title></head><body><nav>Menu</nav><h1>Forum Angin</h1>"
        "<p>Forum Angin bermarkas di Porto, Portugal.</p><p>Baca juga: Harga minyak</p></body></html>",
        encoding="utf-8",
    )
    return folder


class Reply(NamedTuple):
    """What a call of the command ended with."""

    code: int
    out: str
    err: str


@pytest.fixture
def call(monkeypatch, tmp_path):
    """Run the command's own `main` in this process, piped, in `tmp_path`: as `kerjasama`, without its start-up.

    An exception ends as in a real call: exit code 1 and a traceback on standard error.
    """
    from kerjasama_nlp import cli

    def run(*args, stdin="", env=None):
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        streams = [io.TextIOWrapper(io.BytesIO(content), encoding="utf-8") for content in (data, b"", b"")]
        with monkeypatch.context() as patch:
            for name in os.environ:
                if name.startswith(("LC_", "LANG", "KERJASAMA")):
                    patch.delenv(name)
            for name, value in ({"LC_ALL": "C"} | (env or {})).items():
                patch.setenv(name, value)
            patch.chdir(tmp_path)
            patch.setattr(sys, "argv", ["kerjasama", *map(str, args)])
            for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
                patch.setattr(sys, name, stream)
            code, crash = 0, None
            try:
                cli.main()
            except SystemExit as end:
                code = end.code
            except Exception as error:  # noqa: BLE001  # as Python itself does at the end of a program
                traceback.print_exception(error)
                code, crash = 1, error
        if crash is not None:
            with warnings.catch_warnings(action="ignore", category=ResourceWarning):
                del crash  # what it left open is closed here, not in a later test
                gc.collect()
        for stream in streams[1:]:
            stream.flush()
        return Reply(code, *(stream.buffer.getvalue().decode() for stream in streams[1:]))

    return run


@pytest.fixture(scope="session")
def _small_model_made_once(tmp_path_factory):
    return tmp_path_factory.mktemp("small") / "model"


@pytest.fixture
def small_model(small_articles, shipped_ranker, _small_model_made_once):
    """Return a model folder of the three small articles; what a test does to its files is undone after it."""
    from kerjasama_nlp import model, training

    folder = _small_model_made_once
    if not folder.exists():
        built, about = training.index_articles([small_articles])
        model.save(model.Model(built, shipped_ranker, training=about), folder)
    before = {file: file.read_bytes() for file in folder.iterdir()}
    yield folder
    for file in set(folder.iterdir()) - set(before):
        file.unlink()
    for file, data in before.items():
        if not file.exists() or file.read_bytes() != data:
            file.write_bytes(data)
