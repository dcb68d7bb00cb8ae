"""What several test modules share."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"
PROJECT = Path(__file__).parent.parent


def cases(name):
    """Return the cases of a data file as pytest parameters, named by their labels."""
    rows = json.loads((DATA / name).read_text(encoding="utf-8"))
    return [
        pytest.param(row, id=row["label"], marks=[pytest.mark.xfail(reason=row["xfail"])] if "xfail" in row else [])
        for row in rows
    ]


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
        "## Sejarah Serikat Kopi Selatan\n\nSerikat Kopi Selatan didirikan di Bogota pada 3 Mei 1971 oleh lima negara.\n\n"
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
