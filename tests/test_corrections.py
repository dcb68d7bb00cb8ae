"""The file of corrections: whole after every key, whatever kills the program, and read again as it was written."""

import json
import os
import subprocess
import sys

import pytest
from conftest import cases
from hypothesis import given
from hypothesis import strategies as st
from review import LABELS, item, several

from kerjasama_nlp.errors import OutputError, OutputExistsError, UsageError
from kerjasama_nlp.labels.labelled import read
from kerjasama_nlp.review.corrections import Corrections
from kerjasama_nlp.review.items import Marks
from kerjasama_nlp.review.session import Decision

NONE = Marks("bukan", frozenset())
HEALTH = Marks("regional", frozenset({"kesehatan", "sosial"}))


def _decisions(n):
    """Return decisions of all kinds: every third row is skipped."""
    return [
        Decision(row, row.marks, skipped=True) if number % 3 == 2 else Decision(row, (NONE, HEALTH)[number % 2])
        for number, row in enumerate(several(n))
    ]


def _held(path):
    with Corrections(path, LABELS) as corrections:
        return list(corrections.decisions)


@pytest.fixture
def path(tmp_path):
    """Return the name of a file of corrections."""
    return tmp_path / "koreksi.jsonl"


@pytest.fixture
def written(path):
    """Return the bytes of both files of seven decisions."""
    with Corrections(path, LABELS) as corrections:
        for decision in _decisions(7):
            corrections.add(decision)
    return path.read_bytes(), path.with_name("koreksi.jsonl.skipped").read_bytes()


def test_a_line_is_a_labelled_row(path):
    """A correction holds text, labels and the row's own fields, and what the model had said."""
    row = item("Padi", sure=0.61234, kota="Sleman", nilai=[1, None])
    with Corrections(path, LABELS) as corrections:
        corrections.add(Decision(row, HEALTH))
        line = json.loads(path.read_text(encoding="utf-8"))  # on the disk at once
    assert list(line) == ["text", "form", "sectors", "kota", "nilai", "reviewed", "suggested"]
    assert (line["text"], line["form"], line["sectors"]) == ("Padi", "regional", ["kesehatan", "sosial"])
    assert (line["kota"], line["nilai"], line["reviewed"]) == ("Sleman", [1, None], True)
    assert (line["suggested"]["form"], line["suggested"]["form_confidence"]) == ("bilateral", 0.6123)


def test_training_reads_it(path, written):
    """`train --labels` takes the file as it is: the labels of the rows that weren't skipped."""
    assert written
    made = [decision for decision in _decisions(7) if not decision.skipped]
    assert [(entry.text, entry.form, entry.sectors) for entry in read([path])] == [
        (decision.item.text, decision.marks.form, decision.marks.sectors) for decision in made
    ]


def test_decisions_come_back_in_their_order(path, written):
    """What was labelled and what was skipped is read again, in the order in which it was decided."""
    assert written
    assert _held(path) == _decisions(7)


@pytest.mark.parametrize("undone", range(8))
def test_undoing_leads_back(path, written, undone):
    """Undoing takes the last decisions out of the files, and those made then come behind the ones before."""
    assert written
    with Corrections(path, LABELS) as corrections:
        for _ in range(undone):
            corrections.undo()
        assert corrections.decisions == _decisions(7)[: 7 - undone]
    assert _held(path) == _decisions(7)[: 7 - undone]
    with Corrections(path, LABELS) as corrections:
        for decision in _decisions(7)[7 - undone :]:
            corrections.add(decision)
    assert (path.read_bytes(), path.with_name("koreksi.jsonl.skipped").read_bytes()) == written


@given(st.lists(st.one_of(st.just("undo"), st.just("open"), st.sampled_from(_decisions(6))), max_size=25))
def test_any_course(tmp_path_factory, course):
    """Decisions, undoing and opening again in any order leave what a plain list would hold."""
    path = tmp_path_factory.mktemp("jalan") / "k.jsonl"
    plain, corrections = [], Corrections(path, LABELS)
    for step in course:
        if step == "open":
            corrections.close()
            corrections = Corrections(path, LABELS)
        elif step != "undo":
            corrections.add(step)
            plain.append(step)
        elif plain:
            corrections.undo()
            plain.pop()
        assert corrections.decisions == plain
    corrections.close()
    assert _held(path) == plain


def test_torn_anywhere(path, written):
    """A file that ends anywhere in its last line is read as if that line weren't there, and goes on from there."""
    data = written[0]
    start = data.rstrip(b"\n").rfind(b"\n") + 1
    expected = [decision for decision in _decisions(7) if not decision.skipped][:-1]
    for end in (start, start + 1, start + 40, len(data) - 2):
        path.write_bytes(data[:end])
        with Corrections(path, LABELS) as corrections:
            assert [d for d in corrections.decisions if not d.skipped] == expected
            corrections.add(_decisions(7)[6])
        assert path.read_bytes() == data


def test_torn_first_line(path, written):
    """The beginning of the first line is one that was torn, too."""
    path.with_name("koreksi.jsonl.skipped").unlink()
    for end in (1, 5, 30):
        path.write_bytes(written[0][:end])
        assert _held(path) == []


def test_last_line_without_its_end(path, written):
    """A decision that an editor robbed of its line end is kept."""
    path.write_bytes(written[0].rstrip(b"\n"))
    with Corrections(path, LABELS) as corrections:
        assert corrections.decisions == _decisions(7)
        assert path.read_bytes() == written[0]
        corrections.add(_decisions(8)[7])
    assert _held(path) == _decisions(8)


@pytest.mark.parametrize("case", cases("no_corrections.json"))
def test_other_files(path, written, case):
    """What is no correction is refused with its line, and left as it is."""
    data = (written[0] if case["after"] else b"") + case["line"].encode()
    path.write_bytes(data)
    number = data.count(b"\n", 0, len(data) - 1) + 1
    with pytest.raises(OutputExistsError, match=rf"koreksi\.jsonl exists, but its line {number} is no correction"):
        Corrections(path, LABELS)
    assert path.read_bytes() == data


def test_other_files_of_skipped_rows(path):
    """The file beside it is checked in the same way."""
    beside = path.with_name("koreksi.jsonl.skipped")
    beside.write_text("catatan saya\n", encoding="utf-8")
    with pytest.raises(OutputExistsError, match=r"koreksi\.jsonl\.skipped exists, but its line 1"):
        Corrections(path, LABELS)
    assert (path.exists(), beside.read_text(encoding="utf-8")) == (False, "catatan saya\n")


@pytest.mark.parametrize("name", ["koreksi.csv", "koreksi.jsonl.gz", "koreksi", "-"])
def test_other_names(tmp_path, name):
    """Only JSONL can grow line by line."""
    with pytest.raises(UsageError, match=r"expected a name that ends in \.jsonl"):
        Corrections(tmp_path / name, LABELS)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_nothing(path):
    """Without a decision there is no file afterwards; its folder is made where it is missing."""
    deeper = path.parent / "baru" / path.name
    with Corrections(deeper, LABELS) as corrections:
        assert deeper.exists()
        corrections.add(_decisions(3)[2])
        corrections.undo()
    assert list(deeper.parent.iterdir()) == []


def test_a_folder_stands_there(path):
    """What can't be opened is told as a failure to write."""
    path.mkdir()
    with pytest.raises(OutputError, match=r"koreksi\.jsonl: cannot be written"):
        Corrections(path, LABELS)


@pytest.mark.parametrize("change", ["grown", "shrunk", "gone", "another"])
def test_changed_meanwhile(path, written, change):
    """A file that another program changed isn't written to."""
    assert written
    with Corrections(path, LABELS) as corrections:
        if change in {"grown", "shrunk"}:
            os.truncate(path, path.stat().st_size + (1 if change == "grown" else -1))
        else:
            path.rename(path.with_name("dulu.jsonl"))
        if change == "another":
            path.write_bytes(written[0])
        before = path.read_bytes() if path.exists() else None
        with pytest.raises(OutputError, match="was changed by another program"):
            corrections.add(_decisions(1)[0])
        assert (path.read_bytes() if path.exists() else None) == before


FULL_DISK = """
import resource, sys
from pathlib import Path
from kerjasama_nlp.errors import OutputError
from kerjasama_nlp.review.corrections import Corrections
from review import LABELS
from test_corrections import _decisions
path = Path(sys.argv[1])
made = 0
try:
    with Corrections(path, LABELS) as corrections:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
        for decision in _decisions(30):
            if not decision.skipped:
                corrections.add(decision)
                made += 1
except OutputError as error:
    print(made, error.exit_code, error)
"""


def test_full_disk(path):
    """When there is no more room, the failure is told, and all decisions before it are kept, whole."""
    folder = os.path.dirname(__file__)  # noqa: PTH120  # for the path of modules
    told = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)],
        env={**os.environ, "PYTHONPATH": folder},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    made, code, message = told.split(" ", 2)
    assert (code, int(made) > 1) == ("74", True)
    assert message == f"{path}: cannot be written (File too large); what was decided before is kept\n"
    assert path.read_bytes().endswith(b"\n")
    assert _held(path) == [decision for decision in _decisions(30) if not decision.skipped][: int(made)]
