"""The package as Python sees it: its names, versions, exit codes and data."""

import sys
from importlib.metadata import entry_points, version

import pytest

import kerjasama_nlp
from kerjasama_nlp import cli, errors, resources

EXIT_CODES = {"UsageError": 2, "InputError": 3, "ModelError": 5, "OutputExistsError": 6, "OutputError": 74}


def test_all_is_exact():
    """The API is four names: all exist, and `import *` gives nothing else."""
    names = {}
    exec("from kerjasama_nlp import *", names)  # noqa: S102  # the statement under test
    names.pop("__builtins__")
    assert sorted(kerjasama_nlp.__all__) == ["Analyzer", "Model", "load", "train"]
    assert names == {name: getattr(kerjasama_nlp, name) for name in kerjasama_nlp.__all__}


def test_every_public_name_is_in_all():
    """What isn't in `__all__` is a module of the package, or hidden by an underscore."""
    public = {name for name in vars(kerjasama_nlp) if not name.startswith("_")}
    modules = {name.split(".")[1] for name in sys.modules if name.startswith("kerjasama_nlp.")}
    leftovers = public - modules - set(kerjasama_nlp.__all__)
    assert leftovers <= {"annotations", "import_module", "TYPE_CHECKING", "Any"}


def test_unknown_name_is_an_attribute_error():
    """A name that the package doesn't have is reported as such."""
    with pytest.raises(AttributeError, match=r"'kerjasama_nlp' has no attribute 'muat'"):
        _ = kerjasama_nlp.muat


def test_command_is_the_module():
    """`kerjasama` and `python -m kerjasama_nlp` start the same function."""
    (entry,) = entry_points(group="console_scripts", name="kerjasama")
    assert entry.load() is cli.main


def test_version_is_the_distribution_version(kerjasama):
    """`--version` prints the installed version on one line."""
    ended = kerjasama("--version")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.decode() == f"kerjasama-nlp {version('kerjasama-nlp')}\n"


def test_exit_codes_of_the_contract():
    """Each kind of error has its own exit code; there are no other kinds."""
    found = {kind.__name__: kind.exit_code for kind in errors.KerjasamaError.__subclasses__()}
    assert found == EXIT_CODES


def test_one_base_for_all_errors():
    """A caller catches `KerjasamaError` and nothing broader."""
    own = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    assert set(own) == {"KerjasamaError", *EXIT_CODES}
    assert [name for name, kind in own.items() if not issubclass(kind, errors.KerjasamaError)] == []


def test_word_list_entries(tmp_path, monkeypatch):
    """Comments, blank lines and the edges' spaces don't count; order and repetitions do."""
    (tmp_path / "kata.txt").write_text("# judul\n\n  yang \ndan\t# penghubung\n#di\nyang\n", encoding="utf-8")
    monkeypatch.setattr(resources, "DATA", tmp_path)
    assert resources.lines("kata.txt") == ("yang", "dan", "yang")


def test_table_rows(tmp_path, monkeypatch):
    """A table's columns are separated by tabs and trimmed; spaces inside stay."""
    (tmp_path / "tabel.tsv").write_text("# a\tb\nkerja sama \t kerjasama\nasean\tasean;perbara\n", encoding="utf-8")
    monkeypatch.setattr(resources, "DATA", tmp_path)
    assert resources.table("tabel.tsv") == (("kerja sama", "kerjasama"), ("asean", "asean;perbara"))


@pytest.mark.parametrize("path", sorted(resources.DATA.glob("*.t*")), ids=lambda path: path.name)
def test_packaged_lists_are_whole(path):
    """Every packaged list is UTF-8 without a byte order mark, has entries, and ends its last line."""
    data = path.read_bytes()
    assert data.endswith(b"\n")
    assert not data.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in data
    assert data.decode("utf-8")
    assert resources.lines(path.name)


@pytest.mark.parametrize("path", sorted(resources.DATA.glob("*.tsv")), ids=lambda path: path.name)
def test_packaged_tables_are_rectangular(path):
    """All rows of a packaged table have as many columns, none of them empty."""
    rows = resources.table(path.name)
    assert len({len(row) for row in rows}) == 1
    assert [row for row in rows if not all(row)] == []


def test_shipped_data_is_there():
    """The shipped corpus and the default model come with the package."""
    assert any((resources.shipped("corpus") / "articles").iterdir())
    assert (resources.default_model() / "manifest.json").is_file()
