"""Labelled texts: what is read from JSONL, CSV and TSV, and every fault of such a file."""

import json
from dataclasses import replace

import pytest
from conftest import cases

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.labels import training as label_training
from kerjasama_nlp.labels.labelled import MAX_FAULTS, LabelledText, read

GOOD = (
    '{"text": "Harga cabai naik", "form": "bukan", "sectors": [], "set": "pasar"}\n'
    '{"text": "Jepang memberi hibah", "form": "bilateral", "sectors": ["ekonomi", "sosial"]}\n'
)
READ = [
    LabelledText("Harga cabai naik", "bukan", frozenset(), "pasar"),
    LabelledText("Jepang memberi hibah", "bilateral", frozenset({"ekonomi", "sosial"}), ""),
]


def unplaced(texts):
    """Return labelled texts without their places."""
    return [replace(entry, place="") for entry in texts]


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file of labelled texts."""

    def run(text, name="berita.jsonl"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return run


@pytest.mark.parametrize("case", cases("label_faults.json"))
def test_fault(write, case):
    """Each fault is told with the file and the line where it stands."""
    path = write(GOOD + "\n" + case["line"] + "\n")
    with pytest.raises(InputError) as caught:
        read([path])
    assert str(caught.value) == f"berita.jsonl:4: {case['says']}" or str(caught.value).startswith(
        f"berita.jsonl:4: {case['says']},"
    )


def test_all_faults_at_once(write):
    """Every fault of every file is listed, several of one row too."""
    lines = [case.values[0]["line"] for case in cases("label_faults.json")]
    first, second = write(GOOD + "\n".join(lines[:9])), write('{"text": "", "form": "x", "sectors": 1}', "b.jsonl")
    with pytest.raises(InputError) as caught:
        read([first, second])
    places = [fault.split(": ")[0] for fault in str(caught.value).split("; ")]
    assert places == [*(f"berita.jsonl:{n}" for n in range(3, 12)), *["b.jsonl:1"] * 3]


def test_many_faults_are_counted(write):
    """A wrong file isn't listed line by line: the first twenty, and how many there are besides."""
    with pytest.raises(InputError) as caught:
        read([write("7\n" * (MAX_FAULTS + 5))])
    assert str(caught.value).count("berita.jsonl:") == MAX_FAULTS
    assert str(caught.value).endswith("; and 5 more")


@pytest.mark.parametrize("args", [(), ("--force",)], ids=["new", "forced"])
def test_nothing_is_trained_or_written_before_faults_are_told(monkeypatch, call, write, tmp_path, args):
    """A fault in the last file ends in exit code 3; nothing was fitted, and what stood there stands."""
    monkeypatch.setattr(label_training, "fit", None)  # calling it would crash
    files = (write(GOOD), write('{"text": "a", "form": "bukan", "sectors": ["politik"]}', "akhir.jsonl"))
    if args:
        (tmp_path / "model").mkdir()
    before = sorted(tmp_path.rglob("*"))
    reply = call("train", "--labels", files[0], "--labels", files[1], "-o", "model", *args)
    assert (reply.code, reply.out) == (3, "")
    assert reply.err == "kerjasama: error: akhir.jsonl:1: bukan has no sector, every other form at least one\n"
    assert sorted(tmp_path.rglob("*")) == before


def test_evaluate_tells_faults_too(call, write):
    """Measuring on a faulty file ends like training on it."""
    reply = call("evaluate", "--labels", write("7\n"))
    assert (reply.code, reply.out) == (3, "")
    assert "berita.jsonl:1: not an object; expected an object" in reply.err


def test_jsonl(write):
    """Texts, labels and groups are read in their order; blank lines don't count."""
    found = read([write("\n" + GOOD + "  \n")])
    assert unplaced(found) == READ
    assert [entry.place for entry in found] == ["berita.jsonl:2", "berita.jsonl:3"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("name", "cut"), [("a.csv", ","), ("a.CSV", ","), ("a.tsv", "\t"), ("a.csv", ";")], ids=["comma", "CSV", "tab", ";"]
)
def test_tables(write, name, cut, end):
    """In CSV and TSV, sectors are joined by semicolons; a byte order mark and Excel's separator are no matter."""
    rows = [
        ["text", "form", "sectors", "set"],
        ["Harga cabai naik", "bukan", "", "pasar"],
        ["Jepang memberi hibah", "bilateral", '"ekonomi; sosial"', ""],
    ]
    text = "\ufeff" + "".join(cut.join(row) + end for row in rows)
    assert unplaced(read([write(text, name)])) == READ


def test_quoted_line_ends_in_csv(write):
    """A text may run over several lines; a fault below it is told by its line in the file."""
    head = 'text,form,sectors\n"baris satu\nbaris dua",bukan,\n'
    assert read([write(head, "a.csv")])[0].text == "baris satu\nbaris dua"
    with pytest.raises(InputError, match=r"^a\.csv:4: found form 'x'"):
        read([write(head + "teks,x,politik\n", "a.csv")])


def test_long_cells(write):
    """A text longer than the csv module's usual limit is read."""
    (found,) = read([write(f"text,form,sectors\n{'padi ' * 40_000},bukan,\n", "a.csv")])
    assert len(found.text) == 199_999  # the space at its end is cleaned away


def test_line_separators_inside_json(write):
    """Characters that Unicode calls line ends don't cut a JSON line."""
    row = {"text": "satu\u2028dua\u0085tiga", "form": "bukan", "sectors": []}
    assert read([write(json.dumps(row, ensure_ascii=False))])[0].text == "satu\ndua\ntiga"


def test_repeated_texts_count_once(write, tmp_path):
    """The same text with the same labels is kept once, in files of the same name too."""
    (tmp_path / "lain").mkdir()
    assert unplaced(read([write(GOOD + GOOD), write(GOOD, "lain/berita.jsonl")])) == READ


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.jsonl", b"", "found no labelled text"),
        ("a.csv", b"text,form,sectors\n", "found no labelled text"),
        ("a.jsonl", b'{"text": "\xe9"}', "not JSON"),
        ("a.jsonl", b"PK\x03\x04", "binary"),
        ("tidak/ada.jsonl", None, "cannot be read"),
    ],
    ids=["empty", "only a header", "encoding", "binary", "missing"],
)
def test_unreadable(write, tmp_path, name, data, says):
    """What holds no labelled text is told as such."""
    path = tmp_path / name if data is None else write(data, name)
    with pytest.raises(InputError, match=says):
        read([path])


def test_another_encoding(write):
    """A file in the encoding that is named is read."""
    row = '{"text": "Kafé", "form": "bukan", "sectors": []}'
    assert read([write(row.encode("cp1252"))], "cp1252")[0].text == "Kafé"
