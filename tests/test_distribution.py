"""What is distributed, and what it depends on: the wheel's files, and the licences of all packages it needs."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from zipfile import ZipFile

import pytest
from conftest import DATA, PROJECT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

DISTRIBUTION = "kerjasama-nlp"
# What a user may install besides the package itself; `dev` isn't distributed to anybody.
EXTRAS = ("parquet", "zstd", "dask")
LICENCES = json.loads((DATA / "licences.json").read_text(encoding="utf-8"))
SETTINGS = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _tracked():
    if not (PROJECT / ".git").exists():
        pytest.skip("only a checkout knows its files")
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, cwd=PROJECT, check=True)
    return [name for name in listed.stdout.decode().split("\0") if name and (PROJECT / name).exists()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel of the tracked files, without a network, and return what each of its files holds."""
    source = tmp_path_factory.mktemp("sumber")
    for name in _tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / name, source / name)
    (source / "kerjasama_nlp" / "tersesat.txt").write_text("a file that nobody tracks")
    (source / "kerjasama_nlp" / "__pycache__").mkdir()
    (source / "kerjasama_nlp" / "__pycache__" / "cli.cpython-311.pyc").write_bytes(b"")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", "."]
    ended = subprocess.run(command, capture_output=True, cwd=source, check=False)
    assert ended.returncode == 0, ended.stdout.decode()[-2000:]
    (path,) = (source / "dist").iterdir()
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _homes():
    """Return the path in the wheel of each tracked file that belongs in it."""
    homes = {"kerjasama_nlp": "kerjasama_nlp", "corpus": "kerjasama_nlp/corpus", "models": "kerjasama_nlp/models"}
    found = {}
    for name in _tracked():
        top, _, rest = name.partition("/")
        if top in homes and rest:
            found[f"{homes[top]}/{rest}"] = (PROJECT / name).read_bytes()
    return found


def test_wheel_holds_the_package_and_nothing_else(wheel):
    """The wheel is every tracked file of package, corpus and models, byte for byte, and its own description."""
    described = {name for name in wheel if ".dist-info/" in name}
    assert {name.split(".dist-info/")[1] for name in described} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
        "licenses/corpus/LICENSE",
        "licenses/gazetteer/LICENSE.unicode",
        "top_level.txt",
    }
    packed = {name: data for name, data in wheel.items() if name not in described}
    expected = _homes()
    assert sorted(packed) == sorted(expected)
    assert [name for name in expected if packed[name] != expected[name]] == []
    assert len(expected) > 200


def _closure():
    """Return all installed distributions that the package and its extras need, by name."""
    waiting, found = [(DISTRIBUTION, EXTRAS)], {}
    while waiting:
        name, extras = waiting.pop()
        try:
            installed = distribution(name)
        except PackageNotFoundError:  # an extra that isn't needed on this Python
            continue
        found[canonicalize_name(name)] = installed
        for line in installed.requires or ():
            needed = Requirement(line)
            wanted = any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)) if needed.marker else True
            if wanted and canonicalize_name(needed.name) not in found:
                waiting.append((needed.name, tuple(needed.extras)))
    return found


def _licences(installed):
    """Return the SPDX identifiers of a distribution's licence, all that its expression names."""
    about = installed.metadata
    named = about.get("License-Expression")
    if named is None:
        classified = [entry for entry in about.get_all("Classifier") or () if entry.startswith("License :: OSI")]
        named = " AND ".join(LICENCES["names"].get(entry, entry) for entry in classified)
    if not named:
        named = LICENCES["names"].get(about.get("License"), about.get("License"))
    return set(re.split(r" AND | OR |[()]", named)) - {""}


def test_licences_of_all_dependencies():
    """Every package that users come to have by installing this one has a permissive licence."""
    closure = _closure()
    assert closure.keys() >= {
        "numpy",
        "scikit-learn",
        "scipy",
        "typer",
        "pysastrawi",
        "joblib",
        "pyarrow",
        "distributed",
    }
    allowed = set(LICENCES["allowed"])
    found = {name: _licences(package) for name, package in closure.items() if name != DISTRIBUTION}
    assert {name: licences for name, licences in found.items() if not licences or licences - allowed} == {}


def test_dependencies_are_explained():
    """Every direct dependency stands in docs/dependencies.md, with why it is needed."""
    text = (PROJECT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    listed = [
        *SETTINGS["dependencies"],
        *(line for lines in SETTINGS["optional-dependencies"].values() for line in lines),
    ]
    names = {Requirement(line).name for line in listed} - {DISTRIBUTION}
    assert {name for name in names if name not in text} == set()
    assert len(names) > 10
