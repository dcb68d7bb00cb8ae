"""What a command imports: help is light, and answering needs no scikit-learn."""

import os
import subprocess
import sys

import pytest
from typer.main import get_command

from kerjasama_nlp import cli

HEAVY = {"numpy", "sklearn", "scipy", "joblib", "Sastrawi", "rich", "matplotlib", "pandas"}
COMMANDS = sorted(get_command(cli.app).commands)


def _imported(folder, *args, env=None):
    """Return the exit code of a real call and the top-level packages that it imported."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "KERJASAMA"))}
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", *args],
        input=b"",
        capture_output=True,
        env=environment | {"LC_ALL": "C"} | (env or {}),
        cwd=folder,
        timeout=60,
        check=False,
    )
    lines = [line for line in ended.stderr.decode().splitlines() if line.startswith("import time:")]
    return ended.returncode, {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}


@pytest.mark.parametrize(
    "args",
    [[], ["--help"], ["-h"], ["--version"], *([command, "--help"] for command in COMMANDS)],
    ids=lambda args: " ".join(args) or "nothing",
)
def test_help_and_version_load_nothing_heavy(tmp_path, args):
    """Help and version start without NumPy, scikit-learn, the stemmer and rich."""
    code, imported = _imported(tmp_path, "-m", "kerjasama_nlp", *args)
    assert code == 0
    assert "kerjasama_nlp" in imported
    assert imported & HEAVY == set()


def test_translated_help_loads_nothing_heavy(tmp_path):
    """Help in Indonesian costs no more than help in English."""
    code, imported = _imported(tmp_path, "-m", "kerjasama_nlp", "ask", "--help", env={"LC_ALL": "id_ID.UTF-8"})
    assert code == 0
    assert imported & HEAVY == set()


def test_a_wrong_call_loads_nothing_heavy(tmp_path):
    """A mistyped option is told at once."""
    code, imported = _imported(tmp_path, "-m", "kerjasama_nlp", "ask", "--jsno")
    assert code == 2
    assert imported & HEAVY == set()


def test_asking_loads_no_training_library(tmp_path):
    """An answer takes NumPy, but none of scikit-learn, SciPy, joblib and rich."""
    code, imported = _imported(tmp_path, "-m", "kerjasama_nlp", "ask", "kapan ASEAN didirikan")
    assert code == 0
    assert "numpy" in imported
    assert imported & {"sklearn", "scipy", "joblib", "rich"} == set()


def test_labelling_and_scores_load_no_library_for_reports(tmp_path):
    """Labelling a text, and measuring without a report, take neither scikit-learn nor what draws."""
    (tmp_path / "a.jsonl").write_text(
        '{"text": "RI dan Jepang", "form": "bilateral", "sectors": ["ekonomi"]}\n', encoding="utf-8"
    )
    for args in (["label", "--text", "RI dan Jepang"], ["evaluate", "--labels", "a.jsonl"]):
        code, imported = _imported(tmp_path, "-m", "kerjasama_nlp", *args)
        assert code == 0
        assert imported & {"sklearn", "scipy", "joblib", "matplotlib", "pandas"} == set()


def test_training_on_articles_loads_no_scikit_learn(tmp_path, small_articles):
    """Only fitting on questions takes scikit-learn."""
    code, imported = _imported(
        tmp_path, "-m", "kerjasama_nlp", "train", "--articles", str(small_articles), "-o", "model"
    )
    assert code == 0
    assert imported & {"sklearn", "scipy", "joblib", "rich"} == set()


def test_importing_the_package_loads_nothing_heavy(tmp_path):
    """`import kerjasama_nlp` alone costs next to nothing."""
    code, imported = _imported(tmp_path, "-c", "import kerjasama_nlp")
    assert code == 0
    assert imported & (HEAVY | {"typer"}) == set()
