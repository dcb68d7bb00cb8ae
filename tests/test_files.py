"""Files: an output appears whole or not at all, and never takes another's place unasked."""

import os
from errno import EACCES, ENOSPC, EROFS
from pathlib import Path

import pytest

from kerjasama_nlp import files
from kerjasama_nlp.errors import KerjasamaError, OutputError, OutputExistsError


def _contents(folder):
    """Return all paths below a folder, and what their files hold."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def _write(path, *, force=False, text="baru"):
    with files.new_folder(path, force=force) as folder:
        (folder / "isi.txt").write_text(text, encoding="utf-8")


@pytest.fixture
def old(tmp_path):
    """Return a folder that stands at the output already."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "lama.txt").write_text("lama", encoding="utf-8")
    return folder


def test_folder_appears_with_what_was_written(tmp_path):
    """After the block the folder stands under its name, and nothing else stands beside it."""
    _write(tmp_path / "model")
    assert _contents(tmp_path) == {"model": None, "model/isi.txt": b"baru"}


def test_folder_is_not_there_before_the_end(tmp_path):
    """Inside the block the name is still free: nobody can read half a folder."""
    with files.new_folder(tmp_path / "model", force=False) as folder:
        assert not (tmp_path / "model").exists()
        assert folder.parent == tmp_path


def test_folder_can_be_read_by_others(tmp_path):
    """The finished folder isn't as private as a temporary one."""
    _write(tmp_path / "model")
    assert (tmp_path / "model").stat().st_mode & 0o777 == 0o755


def test_parents_are_made(tmp_path):
    """Missing folders above the output are made."""
    _write(tmp_path / "a" / "b" / "model")
    assert (tmp_path / "a" / "b" / "model" / "isi.txt").read_text(encoding="utf-8") == "baru"


def test_existing_output_is_refused(old, tmp_path):
    """Without force nothing is overwritten; the message names the path and what to do."""
    before = _contents(tmp_path)
    with pytest.raises(OutputExistsError, match=r"model exists already.*--force"):
        _write(old)
    assert _contents(tmp_path) == before


def test_forced_output_is_replaced_whole(old, tmp_path):
    """With force the new folder takes the place; no old file survives in it, and none is left aside."""
    _write(old, force=True)
    assert _contents(tmp_path) == {"model": None, "model/isi.txt": b"baru"}


@pytest.mark.parametrize(
    ("content", "replaced"),
    [({}, True), ({"manifest.json": "{}", "lain.txt": ""}, True), ({"lain.txt": ""}, False), (None, False)],
    ids=["an empty folder", "a folder with the marker", "another folder", "a file"],
)
def test_force_with_a_marker(tmp_path, content, replaced):
    """With a marker only its own kind of folder is overwritten, whatever force says."""
    path = tmp_path / "model"
    if content is None:
        path.write_text("sebuah berkas", encoding="utf-8")
    else:
        path.mkdir()
        for name, text in content.items():
            (path / name).write_text(text, encoding="utf-8")
    before = _contents(tmp_path)
    if replaced:
        with files.new_folder(path, force=True, marker="manifest.json") as folder:
            (folder / "isi.txt").write_text("baru", encoding="utf-8")
        assert _contents(tmp_path) == {"model": None, "model/isi.txt": b"baru"}
    else:
        with pytest.raises(OutputExistsError, match=r"holds no manifest\.json"):
            files.refuse_existing(path, force=True, marker="manifest.json")
        assert _contents(tmp_path) == before


def test_forced_output_replaces_a_file(tmp_path):
    """With force a folder takes the place of a file too."""
    (tmp_path / "model").write_text("sebuah berkas", encoding="utf-8")
    _write(tmp_path / "model", force=True)
    assert _contents(tmp_path) == {"model": None, "model/isi.txt": b"baru"}


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError, SystemExit])
def test_nothing_is_left_when_the_block_fails(old, tmp_path, error):
    """Whatever ends the block, the old output stands as before and nothing is left beside it."""
    before = _contents(tmp_path)

    def fail():
        with files.new_folder(old, force=True) as folder:
            (folder / "separuh.txt").write_text("separuh", encoding="utf-8")
            raise error

    with pytest.raises(error):
        fail()
    assert _contents(tmp_path) == before


def _failing(call, error):
    """Return a stand-in of a system call that fails the `call`-th time and works the other times."""
    count = 0

    def replace(original):
        def run(*args, **kwargs):
            nonlocal count
            count += 1
            if count == call:
                raise error
            return original(*args, **kwargs)

        return run

    return replace


@pytest.mark.parametrize(
    ("owner", "name", "call"),
    [
        (files.tempfile, "mkdtemp", 1),
        (os, "fsync", 1),
        (Path, "chmod", 1),
        (files.tempfile, "mkdtemp", 2),
        (Path, "rename", 1),
        (Path, "rename", 2),
    ],
    ids=[
        "no temporary folder",
        "not flushed",
        "no permissions",
        "no folder aside",
        "old not moved",
        "new not moved",
    ],
)
def test_failed_write_leaves_the_old_output(monkeypatch, old, tmp_path, owner, name, call):
    """A full or failing disk ends in one error that says so; the old output stands, nothing else does."""
    before = _contents(tmp_path)
    error = OSError(ENOSPC, "No space left on device")
    monkeypatch.setattr(owner, name, _failing(call, error)(getattr(owner, name)))
    with pytest.raises(OutputError, match=r"model: cannot be written \(No space left on device\)") as caught:
        _write(old, force=True)
    assert caught.value.exit_code == 74
    assert _contents(tmp_path) == before


def test_a_disk_that_freezes_between_two_renames(old, tmp_path, monkeypatch):
    """Where the old output can't be put back, the error says where it waits; the next run puts it back."""
    before = _contents(old)
    rename, calls = Path.rename, []

    def frozen(path, target):
        calls.append(path)
        if len(calls) > 1:
            raise OSError(EROFS, "Read-only file system")
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", frozen)
        with pytest.raises(OutputError, match=r"Read-only file system; what stood there waits in \S+") as caught:
            _write(old, force=True)
    (waiting,) = tmp_path.glob(".*.kerjasama-old/model")
    assert str(waiting) in str(caught.value)
    assert _contents(waiting) == before
    with pytest.raises(OutputExistsError):
        _write(old)
    assert _contents(old) == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_failed_rename_of_a_new_output_leaves_nothing(monkeypatch, tmp_path):
    """Where nothing stood before, nothing stands after a failure."""
    monkeypatch.setattr(Path, "rename", _failing(1, OSError(EACCES, "Permission denied"))(Path.rename))
    with pytest.raises(OutputError, match="Permission denied"):
        _write(tmp_path / "model")
    assert _contents(tmp_path) == {}


def test_output_below_a_file_is_a_write_error(tmp_path):
    """A file can't hold the output: exit code 74, and the file is untouched."""
    (tmp_path / "berkas").write_text("isi", encoding="utf-8")
    with pytest.raises(OutputError, match=r"model: cannot be written"):
        _write(tmp_path / "berkas" / "model")
    assert _contents(tmp_path) == {"berkas": b"isi"}


def test_dangling_link_at_the_output_is_kept(tmp_path):
    """A link that leads nowhere is something that stands there: it isn't replaced unasked."""
    (tmp_path / "model").symlink_to(tmp_path / "tidak-ada")
    with pytest.raises(KerjasamaError, match="model"):
        _write(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (tmp_path / "model").is_symlink()


def test_output_that_appears_meanwhile_is_kept(tmp_path):
    """Training takes hours: what another process saved under the name meanwhile isn't overwritten unasked."""
    with pytest.raises(OutputExistsError), files.new_folder(tmp_path / "model", force=False):
        _write(tmp_path / "model", text="orang lain")
    assert _contents(tmp_path) == {"model": None, "model/isi.txt": b"orang lain"}


def test_impossible_name_is_an_error_of_ours(tmp_path):
    """A name longer than the system takes is told like any other output that can't be written."""
    with pytest.raises(OutputError, match="cannot be written"):
        _write(tmp_path / ("m" * 300))


def test_broken_pipe_of_an_output_is_a_write_error(tmp_path):
    """Only a reader of standard output may go quietly: an output that isn't written is told, whatever the error."""
    with pytest.raises(OutputError, match="cannot be written"), files.write_failures(tmp_path):
        raise BrokenPipeError


def test_errors_of_the_program_stay_what_they_are(tmp_path):
    """Only the system's errors become write errors."""
    with pytest.raises(ZeroDivisionError), files.write_failures(tmp_path):
        raise ZeroDivisionError
