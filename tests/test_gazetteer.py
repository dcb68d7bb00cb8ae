"""The table of countries is what `gazetteer/build.py` makes of its sources, whatever babel is installed."""

import runpy
import shutil
import subprocess
import sys

import pytest
from conftest import PROJECT, cases

TABLE = "kerjasama_nlp/data/gazetteer/countries.tsv"
BABEL = """
__version__ = "99"
class Locale:
    def __init__(self, language):
        self.territories = {{"id": {territories!r}}}[language]
"""


@pytest.fixture
def sources(tmp_path):
    """Return a folder with the script, its sources and the table, in which babel can't be imported."""
    shutil.copytree(PROJECT / "gazetteer", tmp_path / "gazetteer", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / TABLE).parent.mkdir(parents=True)
    shutil.copyfile(PROJECT / TABLE, tmp_path / TABLE)
    (tmp_path / "gazetteer" / "babel.py").write_text("raise ImportError('babel was imported')")
    return tmp_path


def _build(folder, *options):
    command = [sys.executable, str(folder / "gazetteer" / "build.py"), *options]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def _row(folder, code):
    rows = (folder / TABLE).read_text(encoding="utf-8").splitlines()
    return next(row.split("\t") for row in rows if row.startswith(f"{code}\t"))


def test_table_is_what_its_sources_make(sources):
    """The table of the checkout is made again byte for byte, without babel."""
    checked = _build(sources, "--check")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    (sources / TABLE).unlink()
    assert _build(sources).returncode == 0
    assert (sources / TABLE).read_bytes() == (PROJECT / TABLE).read_bytes()


def test_check_prints_a_difference_and_writes_nothing(sources):
    """A name that was written into the table itself is told, by its line."""
    edited = (sources / TABLE).read_bytes().replace(b"Jepang;", b"Jepang;Nippon;")
    (sources / TABLE).write_bytes(edited)
    checked = _build(sources, "--check")
    changed = [line for line in checked.stdout.splitlines() if line.startswith(("-JP", "+JP"))]
    assert checked.returncode == 1
    assert [line.split("\t")[2].split(";")[:2] for line in changed] == [["Jepang", "Nippon"], ["Jepang", "Jepun"]]
    assert (sources / TABLE).read_bytes() == edited


@pytest.mark.parametrize("case", cases("gazetteer_faults.json"))
def test_sources_that_do_not_fit(sources, case):
    """A source that lacks what the other needs is told by code and name, and no table is written."""
    path = sources / "gazetteer" / case["file"]
    text = path.read_text(encoding="utf-8")
    assert case["old"] in text
    path.write_text(text.replace(case["old"], case["new"]), encoding="utf-8")
    ended = _build(sources)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(case["message"])
    assert (sources / TABLE).read_bytes() == (PROJECT / TABLE).read_bytes()


def test_refresh_reads_the_installed_names(sources):
    """Names of another release come into the table, with the release they are of; what was renamed is told."""
    territories = {"001": "Dunia", "XA": "Aksen Asing"}
    for line in (sources / "gazetteer" / "cldr.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        code, name = line.split("\t")
        territories[code] = {"TR": "Turkiye", "CI": "Pesisir d’Or"}.get(code, name)
    (sources / "gazetteer" / "babel.py").unlink()
    (sources / "gazetteer" / "babel").mkdir()
    (sources / "gazetteer" / "babel" / "__init__.py").write_text(BABEL.format(territories=territories), "utf-8")
    (sources / "gazetteer" / "babel" / "core.py").write_text("get_global = {'cldr': {'version': '98'}}.get")
    ended = _build(sources, "--refresh")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == ["CI: Côte d'Ivoire is now Pesisir d'Or", "TR: Turki is now Turkiye"]
    assert "CLDR 98, read through babel 99." in (sources / "gazetteer" / "cldr.tsv").read_text(encoding="utf-8")
    assert "001" not in (sources / "gazetteer" / "cldr.tsv").read_text(encoding="utf-8")
    assert _row(sources, "TR")[2].split(";")[:2] == ["Turkiye", "Türkiye"]
    assert _row(sources, "CI")[2].split(";")[:2] == ["Pantai Gading", "Pesisir d'Or"]


def test_names_are_those_of_the_release():
    """What is kept of CLDR is what the installed babel reads of it, where that one is of the same release."""
    read = runpy.run_path(str(PROJECT / "gazetteer" / "build.py"))["extract"]()
    kept = (PROJECT / "gazetteer" / "cldr.tsv").read_text(encoding="utf-8")
    release = kept.partition(", read through ")[0]
    if not read.startswith(f"{release}, "):
        pytest.skip(f"the installed babel isn't of {release.rpartition(': ')[2]}")
    assert kept.splitlines()[1:] == read.splitlines()[1:]
    assert len(kept.splitlines()) > 250
