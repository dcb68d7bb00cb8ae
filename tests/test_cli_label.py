"""`kerjasama label`: rows in, the same rows out, whatever is wrong with some of them."""

import csv
import io
import json
import os
import re
import subprocess
import sys

import pytest
from conftest import cases, error_line, read_terminal

from kerjasama_nlp import load
from kerjasama_nlp.jobs import checkpoint
from kerjasama_nlp.labels.classifier import Classifier
from kerjasama_nlp.labels.label_set import standard

FORMS, SECTORS = standard().forms, standard().sectors

PACT = "Indonesia dan Jepang menandatangani perjanjian dagang di Tokyo."
LOCAL = "Petani Sleman panen cabai."
KEYS = ["form", "form_confidence", "sectors", "sector_confidence", "parties", "needs_review", "error"]


def _rows(out):
    return [json.loads(line) for line in out.splitlines()]


def _table(text, delimiter=","):
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def _write(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _jsonl(path, *rows):
    return _write(path, "".join(json.dumps(row) + "\n" for row in rows))


def _names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


# What it reads


def test_jsonl(call, tmp_path):
    """Each line comes back with all its fields in their order, and the labels behind them."""
    rows = [{"id": 3, "text": PACT, "tag": ["a", {"b": None}]}, {"id": 1, "text": LOCAL, "nilai": 1.5}]
    reply = call("label", _jsonl(tmp_path / "a.jsonl", *rows))
    found = _rows(reply.out)
    assert (reply.code, len(found)) == (0, 2)
    for row, out in zip(rows, found, strict=True):
        assert list(out) == [*row, *KEYS]
        assert {name: out[name] for name in row} == row
    assert (found[0]["form"], found[0]["parties"], found[0]["error"]) == ("bilateral", ["Indonesia", "Jepang"], None)
    assert (found[1]["form"], found[1]["sectors"]) == ("bukan", [])
    assert list(found[0]["sector_confidence"]) == list(SECTORS)
    told = reply.err.splitlines()
    assert re.fullmatch(r"2 rows, 0 with errors, \d to review \(\d+%\), \d+/s", told[0])
    assert told[1:] == ["forms: bilateral 1, bukan 1", "sectors: ekonomi 1"]


def test_labels_are_the_models(call, tmp_path):
    """The command gives what `load().label` gives, rounded to four digits."""
    (out,) = _rows(call("label", _jsonl(tmp_path / "a.jsonl", {"text": PACT})).out)
    (label,) = load().label([PACT])
    assert (out["form"], out["form_confidence"]) == (label.form, round(label.form_confidence, 4))
    assert out["sectors"] == list(label.sectors)
    assert out["sector_confidence"] == {name: round(p, 4) for name, p in label.sector_confidence.items()}
    assert out["needs_review"] == label.needs_review


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("name", "delimiter", "mark"),
    [("a.csv", ",", ""), ("a.csv", ";", "\ufeff"), ("a.tsv", "\t", ""), ("a.CSV", ",", "\ufeff")],
    ids=["comma", "semicolon and byte order mark", "tab", "capitals"],
)
def test_tables(call, tmp_path, name, delimiter, mark, end):
    """CSV and TSV, Excel's too, come back as such: separator, quoted separators, quotes and line ends are kept."""
    texts = [PACT, f"{LOCAL}\nBaris kedua, dengan ; dan\t.", 'Ia berkata "ya".']
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end)
    writer.writerows([["id", "Isi", "catatan"], *([n, text, "x"] for n, text in enumerate(texts))])
    reply = call("label", _write(tmp_path / name, mark + buffer.getvalue()))
    found = _table(reply.out, delimiter)
    assert reply.code == 0
    assert [list(row) for row in found] == [["id", "Isi", "catatan", *KEYS]] * 3
    assert [(row["id"], row["Isi"], row["catatan"]) for row in found] == [(str(n), t, "x") for n, t in enumerate(texts)]
    assert found[0]["form"] == "bilateral"
    assert found[0]["parties"] == "Indonesia;Jepang"
    assert set(found[0]["sectors"].split(";")) <= set(SECTORS)
    assert set(json.loads(found[0]["sector_confidence"])) == set(SECTORS)
    assert {row["needs_review"] for row in found} <= {"true", "false"}
    assert {row["error"] for row in found} == {""}


def test_lone_carriage_returns_in_cells_are_quoted(call, tmp_path):
    """A carriage return inside a field doesn't cut the row of a CSV."""
    source = _jsonl(tmp_path / "a.jsonl", {"text": "satu\rdua\ntiga"}, {"text": LOCAL})
    assert call("label", source, "-o", "b.csv").code == 0
    found = _table((tmp_path / "b.csv").read_bytes().decode())
    assert [row["text"] for row in found] == ["satu\rdua\ntiga", LOCAL]


def test_cells_beyond_the_header(call, tmp_path):
    """A row with too many cells is an error, which names those without a column; one with too few is another."""
    reply = call("label", _write(tmp_path / "a.csv", f"text,id\n{LOCAL},1\nteks,2,lebih,lagi\n{PACT}\n"))
    found = _table(reply.out)
    assert (reply.code, [list(row) for row in found]) == (4, [["text", "id", *KEYS]] * 3)
    assert [row["error"] for row in found] == [
        "",
        'found 4 cells, expected 2; without a column: ["lebih", "lagi"]',
        "found 1 cells, expected 2",
    ]
    assert [(row["text"], row["id"], row["form"]) for row in found] == [
        (LOCAL, "1", "bukan"),
        ("teks", "2", ""),
        (PACT, "", ""),
    ]


def test_text_file(call, tmp_path):
    """A text file has a text a line; only line ends end lines."""
    reply = call("label", _write(tmp_path / "a.txt", f"{PACT}\r\nsatu\u2028dua\x0ctiga\n\n{LOCAL}"))
    found = _rows(reply.out)
    assert (reply.code, [row["text"] for row in found]) == (4, [PACT, "satu\u2028dua\x0ctiga", "", LOCAL])
    assert [row["error"] for row in found] == [None, None, "the text is blank", None]


def test_folder(call, tmp_path):
    """Each text below a folder is a row, by name; what can't be read is an error row."""
    folder = tmp_path / "berita"
    (folder / "sub").mkdir(parents=True)
    _write(folder / "b.txt", f"Kabar desa\n\n{LOCAL}\n")
    _write(folder / "a.html", f"<html><title>Pakta</title><body><h1>Pakta</h1><p>{PACT}</p></body></html>")
    _write(folder / "sub" / "c.md", b"\0")
    _write(folder / "gambar.png", b"\x89PNG")
    reply = call("label", folder)
    found = _rows(reply.out)
    assert (reply.code, [row["id"] for row in found]) == (4, ["a.html", "b.txt", "sub/c.md"])
    assert [row["form"] for row in found] == ["bilateral", "bukan", None]
    assert "binary" in found[2]["error"]


def test_standard_input(kerjasama):
    """`-` reads JSONL from a pipe, with or without a byte order mark."""
    line = json.dumps({"text": PACT}) + "\n"
    ended = kerjasama("label", "-", stdin="\ufeff" + line + line)
    assert (ended.returncode, [row["form"] for row in _rows(ended.stdout.decode())]) == (0, ["bilateral"] * 2)


def test_text(call):
    """--text prints the labels of one text, with exactly the added keys, cleaned like any other text."""
    reply = call("label", "--text", PACT)
    assert (reply.code, reply.err, list(json.loads(reply.out))) == (0, "", KEYS)
    dirty = call("label", "--text", "  Indonesia&nbsp;dan Je\u200bpang menandatangani perjanjian dagang di Tokyo. ")
    assert dirty.out == reply.out


@pytest.mark.parametrize("text", ["", " \n", "\u200b"])
def test_text_that_is_blank(call, text):
    """--text without a text is a wrong call."""
    assert "empty text" in error_line(call("label", "--text", text), 2)


@pytest.mark.parametrize("args", [(), ("a.jsonl", "--text", "x")], ids=["neither", "both"])
def test_input_or_text(call, args):
    """Either INPUT or --text, not both and not none."""
    assert "--text" in error_line(call("label", *args), 2)


def test_explain(call, tmp_path):
    """--explain adds what spoke for and against the form, named by feature."""
    (row,) = _rows(call("label", _jsonl(tmp_path / "a.jsonl", {"text": PACT}), "--explain").out)
    assert list(row) == ["text", *KEYS, "explanation"]
    assert row["explanation"] == [[name, round(part, 3)] for name, part in load().classifier.explain(PACT)]


def test_title_stands_before_the_text(call, tmp_path):
    """A headline is read with the text below it."""
    rows = {"judul": PACT, "isi": "Acara itu ramai."}, {"isi": f"{PACT}\nAcara itu ramai."}
    first, second = _rows(call("label", _jsonl(tmp_path / "a.jsonl", *rows)).out)
    assert first["sector_confidence"] == second["sector_confidence"]


def test_text_column(call, tmp_path):
    """--text-column names the field of the text, in JSONL and in CSV."""
    source = _jsonl(tmp_path / "a.jsonl", {"text": LOCAL, "ringkas": PACT})
    assert _rows(call("label", source, "--text-column", "ringkas").out)[0]["form"] == "bilateral"
    table = _write(tmp_path / "a.csv", f"ringkas,text\n{PACT},{LOCAL}\n")
    assert _table(call("label", table, "--text-column", "ringkas").out)[0]["form"] == "bilateral"


@pytest.mark.parametrize("args", [(), ("--text-column", "lain")], ids=["none known", "not there"])
def test_unknown_column(call, tmp_path, args):
    """A table without the column of texts is told with the columns that it has."""
    error = error_line(call("label", _write(tmp_path / "a.csv", "id,ringkas\n1,x\n"), *args), 3)
    assert "found the columns id, ringkas, none of them a text; name it with --text-column" in error


# Bad rows


@pytest.mark.parametrize("case", cases("bad_rows.json"))
def test_bad_row(call, tmp_path, case):
    """A bad row among good ones comes back at its place, with an error and no labels; the exit code is 4."""
    good = json.dumps({"text": PACT}).encode()
    bad = bytes.fromhex(case["hex"]) if "hex" in case else (case["line"] * case.get("times", 1)).encode()
    reply = call("label", _write(tmp_path / "a.jsonl", b"\n".join([good, bad, good, b""])))
    found = _rows(reply.out)
    assert (reply.code, len(found)) == (4, 3)
    assert [row["form"] for row in found] == ["bilateral", None, "bilateral"]
    assert list(found[1])[-len(KEYS) :] == KEYS
    added = {name: found[1].pop(name) for name in KEYS}
    assert added == {**dict.fromkeys(KEYS), "error": case["error"]}
    assert found[1] == case.get("kept", found[1])
    assert reply.err.startswith("3 rows, 1 with errors, ")


def test_rows_keep_their_order_and_number(call, tmp_path):
    """As many rows come out as went in, in the same order, errors counted."""
    lines = [case.values[0].get("line", "x") for case in cases("bad_rows.json")]
    mixed = [line for n, bad in enumerate(lines) for line in (json.dumps({"n": n, "text": LOCAL}), bad)]
    reply = call("label", _write(tmp_path / "a.jsonl", "\n".join(mixed)))
    found = _rows(reply.out)
    assert [row.get("n", "bad") for row in found[::2]] == list(range(len(lines)))
    assert [row["error"] is None for row in found] == [True, False] * len(lines)
    assert reply.err.startswith(f"{len(mixed)} rows, {len(lines)} with errors, ")


def test_rows_of_different_fields_in_csv(call, tmp_path):
    """A CSV made of JSON lines has a column for every field of any of them."""
    rows = [{"text": PACT, "id": 1}, {"text": LOCAL, "lain": {"a": [1]}, "pecah": "\ud83d."}]
    source = _write(tmp_path / "a.jsonl", "rusak\n" + "".join(json.dumps(row) + "\n" for row in rows))
    assert call("label", source, "-o", "b.csv").code == 4
    found = _table((tmp_path / "b.csv").read_text(encoding="utf-8"))
    assert [list(row) for row in found] == [["raw", "text", "id", "lain", "pecah", *KEYS]] * 3
    assert [row["raw"] for row in found] == ["rusak", "", ""]
    assert (found[1]["id"], json.loads(found[2]["lain"]), found[2]["pecah"]) == ("1", {"a": [1]}, "?.")


# What it can't read, and what it writes


@pytest.mark.parametrize(
    ("name", "data", "args", "says"),
    [
        ("tidak-ada.jsonl", None, (), "cannot be read (No such file or directory)"),
        ("m" * 300, None, (), "cannot be read (File name too long)"),
        ("a.csv", b"PK\x03\x04", (), "a.csv: found a binary file (XLSX/ZIP)"),
        ("a.csv", b"", (), "a.csv: found no header"),
        ("a.jsonl", b'{"text": "a"}\n', ("--encoding", "utf-99"), "unknown encoding 'utf-99'"),
    ],
    ids=["missing", "long name", "binary", "empty table", "unknown encoding"],
)
def test_unreadable(call, tmp_path, name, data, args, says):
    """What can't be read ends in exit code 3 and one line, and leaves nothing, no folder made for it either."""
    if data is not None:
        _write(tmp_path / name, data)
    before = _names(tmp_path)
    assert says in error_line(call("label", name, *args), 3)
    assert says in error_line(call("label", name, *args, "-o", "baru/dalam/hasil.jsonl"), 3)
    assert _names(tmp_path) == before


def test_folder_without_texts(call, tmp_path):
    """A folder without texts is told."""
    (tmp_path / "kosong").mkdir()
    assert "found no text" in error_line(call("label", "kosong"), 3)


def test_output(call, tmp_path):
    """With -o the rows stand in the file and nothing on standard output; the file appears whole, alone."""
    source = _jsonl(tmp_path / "a.jsonl", {"text": PACT})
    reply = call("label", source, "-o", "baru/b.jsonl")
    assert (reply.code, reply.out) == (0, "")
    assert (tmp_path / "baru" / "b.jsonl").read_text(encoding="utf-8") == call("label", source).out
    assert _names(tmp_path) == ["a.jsonl", "baru", "baru/b.jsonl"]


def test_existing_output(call, tmp_path):
    """An output that exists is kept, exit code 6; with --force it is replaced, unless it is the input."""
    source = _jsonl(tmp_path / "a.jsonl", {"text": PACT})
    _write(tmp_path / "b.jsonl", "lama")
    assert "--force" in error_line(call("label", source, "-o", "b.jsonl"), 6)
    assert (tmp_path / "b.jsonl").read_text(encoding="utf-8") == "lama"
    assert call("label", source, "-o", "b.jsonl", "--force").code == 0
    assert json.loads((tmp_path / "b.jsonl").read_text(encoding="utf-8"))["form"] == "bilateral"
    before = source.read_bytes()
    assert "is the input" in error_line(call("label", source, "-o", source, "--force"), 2)
    assert source.read_bytes() == before


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (OSError(28, "No space left on device"), 74)])
def test_nothing_is_left_behind(monkeypatch, call, tmp_path, error, code):
    """Interrupted or out of space before a block is finished: no file, no folder, and the old output stands."""
    source = _jsonl(tmp_path / "a.jsonl", {"text": PACT}, {"text": LOCAL})
    _write(tmp_path / "b.jsonl", "lama")
    before = _names(tmp_path)

    def fail(*_args):
        raise error

    monkeypatch.setattr(Classifier if code == 130 else checkpoint, "label" if code == 130 else "_write", fail)
    for output in (("b.jsonl", "--force"), ("baru/c.jsonl",)):
        assert call("label", source, "-o", *output).code == code
        assert _names(tmp_path) == before
    assert (tmp_path / "b.jsonl").read_text(encoding="utf-8") == "lama"


def test_dash_is_standard_output(call, tmp_path):
    """-o - is standard output, as - is standard input."""
    source = _jsonl(tmp_path / "a.jsonl", {"text": PACT})
    assert call("label", source, "-o", "-").out == call("label", source).out
    assert _names(tmp_path) == ["a.jsonl"]


def test_failed_rows_are_named(call, tmp_path):
    """The first failed rows are named by number, and by id where a column is named for it; the others are counted."""
    rows = [{"id": f"A-{n}", "text": PACT if n == 2 else None} for n in range(8)]
    source = _jsonl(tmp_path / "a.jsonl", *rows)
    told = call("label", source, "--id-column", "id").err.splitlines()
    assert told[1] == "; ".join([*(f"row {n + 1} (A-{n}): no text" for n in (0, 1, 3, 4, 5)), "and 2 more"])
    assert call("label", source).err.splitlines()[1].startswith("row 1: no text; row 2: no text; row 4: ")


def test_format_of_a_pipe(kerjasama):
    """--format and --delimiter say what comes in a pipe; a table goes out as a table."""
    ended = kerjasama("label", "-", "--format", "csv", "--delimiter", "|", stdin=f"id|isi\n1|{PACT}\n")
    assert (ended.returncode, _table(ended.stdout.decode(), "|")[0]["form"]) == (0, "bilateral")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--format", "xls"), "found the format 'xls', expected one of"),
        (("--delimiter", ";;"), "found the delimiter ';;', expected one character"),
        (("--jobs", "-2"), "--jobs"),
        (("--jobs", "dua"), "--jobs"),
        (("--excel",), "--excel is for tables"),
        (("-o", "b.xlsx"), "found the output b.xlsx"),
    ],
)
def test_wrong_calls(call, tmp_path, args, says):
    """What can't be meant is a wrong call, and leaves nothing."""
    source = _jsonl(tmp_path / "a.jsonl", {"text": PACT})
    assert says in error_line(call("label", source, *args), 2)
    assert _names(tmp_path) == ["a.jsonl"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such terminal")
def test_progress_on_a_terminal(tmp_path):
    """On a terminal, rows, rate, share and time left are shown, and wiped before the summary."""
    import pty

    _jsonl(tmp_path / "a.jsonl", *[{"text": f"{LOCAL} {n}"} for n in range(3000)])
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "kerjasama_nlp", "label", "a.jsonl", "-o", "b.jsonl"],
        stderr=theirs,
        cwd=tmp_path,
        env=os.environ | {"LC_ALL": "C"},
    ) as process:
        os.close(theirs)
        shown = read_terminal(ours)
    assert process.returncode == 0
    drawn, last = shown.rsplit("\r\x1b[K", 1)
    assert re.search(r"\r\x1b\[K\d+ rows \(\d+/s\), \d+%, \d+:\d\d left", drawn)
    assert last.startswith("3000 rows, 0 with errors, ")


@pytest.mark.parametrize("args", [("label", "a.jsonl"), ("evaluate", "--labels", "a.jsonl")], ids=lambda args: args[0])
def test_no_training_library_is_imported(tmp_path, args):
    """Labelling and measuring take NumPy, but neither scikit-learn nor SciPy."""
    _jsonl(tmp_path / "a.jsonl", {"text": PACT, "form": "bilateral", "sectors": ["ekonomi"]})
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "kerjasama_nlp", *args],
        capture_output=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    lines = [line for line in ended.stderr.decode().splitlines() if line.startswith("import time:")]
    imported = {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}
    assert (ended.returncode, "numpy" in imported) == (0, True)
    assert imported & {"sklearn", "scipy", "joblib"} == set()


def test_evaluate(call, tmp_path):
    """`evaluate --labels` prints scores, as a table or as JSON."""
    gold = [
        {"text": PACT, "form": "bilateral", "sectors": ["ekonomi"]},
        {"text": LOCAL, "form": "bukan", "sectors": []},
    ]
    source = _jsonl(tmp_path / "a.jsonl", *gold)
    scores = json.loads(call("evaluate", "--labels", source, "--json").out)
    assert (scores["n"], scores["form_accuracy"], list(scores["confusion"])) == (2, 1.0, list(FORMS))
    reply = call("evaluate", "--labels", source)
    assert (reply.code, reply.err) == (0, "")
    assert "form_accuracy" in reply.out
