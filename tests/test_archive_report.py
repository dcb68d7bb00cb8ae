"""`kerjasama report`: what a labelled archive holds, counted, whatever format and rows it has."""

import json
import sys
import tracemalloc
from datetime import UTC, date, datetime

import pytest
from conftest import cases, error_line

from kerjasama_nlp.reports import archive, months, samples
from kerjasama_nlp.reports.labelled_rows import Labelled

TEXTS = {
    "Indonesia dan Jepang menandatangani perjanjian dagang di Tokyo.": "2025-08-17",
    "Menteri luar negeri ASEAN sepakat menangani kabut asap lintas batas.": "1 September 2025",
    "Petani Sleman panen cabai.": "entah kapan",
    "Bank sentral menahan suku bunga acuan.": "",
}
ROW = {"text": "RI dan Jepang", "form": "bilateral", "form_confidence": 0.9, "sectors": ["ekonomi"]}
ROW |= {"parties": ["Indonesia", "Jepang"], "needs_review": False, "error": None}


def _jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _counts(reply, code=0):
    assert reply.code == code, reply.err
    return json.loads(reply.out)


def _texts(entries):
    return {entry["text"] for entry in entries}


@pytest.fixture
def texts(tmp_path):
    """Return a file of dated texts without labels."""
    return _jsonl(tmp_path / "berita.jsonl", [{"text": text, "Tanggal": day} for text, day in TEXTS.items()])


# What it counts


def test_counts(call, texts, tmp_path):
    """Forms, sectors, months and parties are those that `label` gave."""
    assert call("label", texts, "-o", "b.jsonl").code == 0
    rows = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text(encoding="utf-8").splitlines()]
    counts = _counts(call("report", "b.jsonl", "--json"))
    assert (counts["rows"], counts["labelled"], counts["errors"], counts["faulty"]) == (4, 4, 0, 0)
    assert counts["to_review"] == sum(row["needs_review"] for row in rows)
    assert counts["to_review_share"] == counts["to_review"] / 4
    assert counts["forms"] == {form: sum(row["form"] == form for row in rows) for form in counts["forms"]}
    assert sum(counts["forms"].values()) == 4
    assert counts["form_sector"][rows[0]["form"]][rows[0]["sectors"][0]] == 1
    assert {month: sum(row.values()) for month, row in counts["months"].items()} == {"2025-08": 1, "2025-09": 1}
    assert (counts["undated"], counts["unread_dates"]) == (1, 1)
    assert [(entry["name"], entry["rows"]) for entry in counts["states"]["listed"]] == [("Jepang", 1)]
    assert [entry["name"] for entry in counts["organisations"]["listed"]] == ["ASEAN"]
    assert counts["home"] == 1
    (sample,) = counts["samples"]["months"]["2025-08"]
    assert sample == {
        "source": "b.jsonl",
        "row": 1,
        "text": rows[0]["text"],
        "form": rows[0]["form"],
        "confidence": rows[0]["form_confidence"],
    }


@pytest.mark.parametrize("name", ["b.jsonl.gz", "b.jsonl.zst", "b.csv", "b.tsv", "b.csv.gz", "b.parquet"])
def test_every_format_counts_alike(call, texts, name):
    """Whatever `label` wrote, its rows give the same numbers and samples."""
    for output in ("b.jsonl", name):
        assert call("label", texts, "-o", output).code == 0
    expected = call("report", "b.jsonl", "--json").out
    assert call("report", name, "--json").out.replace(json.dumps(name), '"b.jsonl"') == expected


def test_several_files_and_a_pipe_add_up(call, tmp_path):
    """Files are counted together, standard input among them; rows are numbered in their own file."""
    _jsonl(tmp_path / "a.jsonl", [ROW, ROW | {"text": "lain"}])
    counts = _counts(call("report", "a.jsonl", "-", "--json", stdin=json.dumps(ROW | {"text": "pipa"})))
    assert counts["rows"] == 3
    found = {(entry["source"], entry["row"]) for entry in counts["samples"]["forms"]["bilateral"]}
    assert found == {("a.jsonl", 1), ("a.jsonl", 2), ("-", 1)}


def test_own_labels_are_counted(call, tmp_path):
    """Forms and sectors of another label set are counted by their names."""
    row = ROW | {"form": "tiga pihak", "sectors": ["kelautan"]}
    counts = _counts(call("report", _jsonl(tmp_path / "a.jsonl", [row]), "--json"))
    assert (counts["forms"], counts["sectors"]) == ({"tiga pihak": 1}, {"kelautan": 1})


def test_a_label_set_without_sectors(call, tmp_path):
    """Where the label set has no sectors, each row's parties count; a null has none."""
    rows = [ROW | {"sectors": [], "sector_confidence": {}, "parties": parties} for parties in (["Jepang"], None)]
    counts = _counts(call("report", _jsonl(tmp_path / "a.jsonl", rows), "--json"))
    assert [entry["rows"] for entry in counts["states"]["listed"]] == [1]
    assert (counts["sectors"], counts["form_sector"]) == ({}, {})


def test_a_label_set_of_many_forms(call, tmp_path):
    """All forms are counted; those that most rows have are crossed with months and sectors, and the page says so."""
    rows = [ROW | {"form": f"f{n:02}", "tanggal": "2025-01-01"} for n in range(40) for _ in range(40 - n)]
    counts = _counts(call("report", _jsonl(tmp_path / "a.jsonl", rows), "-o", "a.html", "--json"))
    assert len(counts["forms"]) == 40
    largest = [f"f{n:02}" for n in range(archive.MOST_CROSSED)]
    assert list(counts["form_sector"]) == list(counts["months"]["2025-01"]) == largest
    assert (tmp_path / "a.html").read_text(encoding="utf-8").count("24 at most") == 2


def test_partners_are_those_of_cooperation(call, tmp_path):
    """A text without a sector names states, but no partners; a name without a kind is told as such."""
    rows = [ROW | {"form": "bukan", "sectors": []}, ROW | {"parties": ["Atlantis"]}]
    counts = _counts(call("report", _jsonl(tmp_path / "a.jsonl", rows), "--json"))
    assert counts["states"]["listed"] == []
    assert [(entry["name"], entry["rows"]) for entry in counts["others"]["listed"]] == [("Atlantis", 1)]


@pytest.mark.parametrize(
    "broken",
    [
        {"form": None},
        {"form": ""},
        {"form": 7},
        {"form": "x" * 61},
        {"form": "bi\u202elateral"},
        {"sectors": {"ekonomi": 1}},
        {"sectors": [1]},
        {"parties": 5},
    ],
    ids=json.dumps,
)
def test_broken_rows_are_counted_as_faulty(call, tmp_path, broken):
    """A row whose labels aren't any is told, not dropped, and the command says so with its exit code."""
    reply = call("report", _jsonl(tmp_path / "a.jsonl", [ROW, ROW | broken]), "--json")
    counts = _counts(reply, code=4)
    assert (counts["rows"], counts["labelled"], counts["faulty"]) == (2, 1, 1)
    assert reply.err == "2 rows, 0 with errors, 1 faulty, 0 to review\n"


def test_rows_with_errors_are_counted_apart(call, tmp_path):
    """A row that labelling gave an error is neither labelled nor faulty."""
    blank = _jsonl(tmp_path / "a.jsonl", [{"text": " "}, {"text": "RI dan Jepang"}])
    assert call("label", blank, "-o", "b.csv").code == 4
    counts = _counts(call("report", "b.csv", "--json"))
    assert (counts["rows"], counts["labelled"], counts["errors"], counts["faulty"]) == (2, 1, 1, 0)


def test_lines_and_cells_that_are_no_rows(call, tmp_path):
    """What isn't JSON, or has other cells than the header, is faulty."""
    (tmp_path / "a.jsonl").write_text(json.dumps(ROW) + "\n{terpotong\n[]\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("text,form\nRI,bilateral\nRI\nRI,bilateral,x,y\n", encoding="utf-8")
    assert _counts(call("report", "a.jsonl", "--json"), code=4)["faulty"] == 2
    assert _counts(call("report", "b.csv", "--json"), code=4)["faulty"] == 2


@pytest.mark.parametrize("case", cases("dates.json"))
def test_months(case):
    """Dates are read as archives write them; what isn't sure isn't guessed."""
    assert months.month_of(case["value"]) == case["month"]


def test_months_of_pythons_dates():
    """Dates and times from Parquet have their month."""
    assert months.month_of(date(2025, 8, 17)) == "2025-08"
    assert months.month_of(datetime(2025, 8, 17, tzinfo=UTC)) == "2025-08"


def test_the_column_of_dates(call, tmp_path):
    """Another column's dates are taken where it is named, letter case aside."""
    source = _jsonl(tmp_path / "a.jsonl", [ROW | {"date": "2020-01-01", "Dimuat": "2025-08-17"}])
    counts = _counts(call("report", source, "--date-column", "dimuat", "--json"))
    assert list(counts["months"]) == ["2025-08"]


# Samples and bounds


def _labelled(number, **changes):
    return Labelled("a", number, **{"text": f"teks {number}", "form": "bilateral", "is_cooperation": True} | changes)


def test_samples_do_not_depend_on_the_order():
    """Few distinct texts are kept, the same for the same rows in any order."""
    rows = [_labelled(number % 40) for number in range(120)]
    kept = [archive.count(order).to_json()["samples"]["forms"]["bilateral"] for order in (rows, rows[::-1])]
    assert [len(_texts(entries)) for entries in kept] == [samples.MOST_SAMPLES] * 2
    assert [entry["text"] for entry in kept[0]] == [entry["text"] for entry in kept[1]]


def test_samples_come_from_the_whole_archive():
    """Samples are spread: over many labels, they aren't all from the first half of the rows."""
    rows = [_labelled(number, form=f"f{number % 20}") for number in range(4000)]
    kept = archive.count(rows).to_json()["samples"]["forms"].values()
    late = [entry["row"] >= 2000 for entries in kept for entry in entries]
    assert len(late) == 20 * samples.MOST_SAMPLES
    assert 30 < sum(late) < 70


def test_long_texts_are_cut():
    """A sample holds the beginning of its text."""
    (sample,) = archive.count([_labelled(1, text="a" * 10_000)]).to_json()["samples"]["forms"]["bilateral"]
    assert len(sample["text"]) == samples.MOST_CHARACTERS
    assert sample["text"].endswith("…")


def test_labels_without_end_are_faulty():
    """A file with ever new forms, as a column of texts would be, fills no memory."""
    counted = archive.count(_labelled(number, form=f"f{number}") for number in range(1000)).to_json()
    assert (len(counted["forms"]), counted["faulty"]) == (archive.MOST_LABELS, 1000 - archive.MOST_LABELS)


def test_memory_does_not_grow_with_the_rows(monkeypatch):
    """Counting ten times the rows, each with new names and a long text, takes no more memory."""
    monkeypatch.setattr(archive, "MOST_PARTIES", 200)

    def peak(rows):
        tracemalloc.start()
        counted = archive.count(
            _labelled(number, text=f"{number} " + "x" * 2000, parties=(f"p{number}",), month=f"20{number % 12 + 10}-01")
            for number in range(rows)
        )
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (counted.rows, counted.unlisted_parties) == (rows, max(0, rows - 200))
        return highest

    peak(10)
    assert peak(10_000) < 1.2 * peak(1_000)


# The page, and what it refuses


def test_page_and_json_at_once(call, tmp_path):
    """With -o and --json there are both, and the page is the same bytes in every run."""
    source = _jsonl(tmp_path / "a.jsonl", [ROW | {"tanggal": "2025-08-17"}])
    first = call("report", source, "-o", "a.html", "--json")
    assert json.loads(first.out)["rows"] == 1
    assert call("report", source, "-o", "b.html").out == ""
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_the_page_speaks_the_readers_language(call, tmp_path):
    """Under an Indonesian locale, the page says that it is Indonesian and writes numbers that way."""
    source = _jsonl(tmp_path / "a.jsonl", [ROW] * 1234)
    assert call("report", source, "-o", "a.html", env={"LC_ALL": "id_ID.UTF-8"}).code == 0
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert '<html lang="id">' in page
    assert '<data value="1234" data-key="/rows">1.234</data>' in page


def test_an_archive_without_labelled_rows(call, tmp_path):
    """A page is made of no labels, too."""
    source = _jsonl(tmp_path / "a.jsonl", [ROW | {"form": None, "error": "teksnya kosong"}])
    counts = _counts(call("report", source, "-o", "a.html", "--json"))
    assert (counts["errors"], counts["forms"], counts["to_review_share"]) == (1, {}, None)


@pytest.mark.parametrize("name", ["b.jsonl", "b.csv", "b.txt", "b.parquet", "folder"])
def test_without_labels(call, tmp_path, name):
    """A file that wasn't labelled is an unreadable input, with the command that helps."""
    import pyarrow as pa
    from pyarrow import parquet

    source = tmp_path / name
    if name == "folder":
        source.mkdir()
        (source / "a.txt").write_text("Berita", encoding="utf-8")
    elif name == "b.parquet":
        parquet.write_table(pa.table({"text": ["Berita"]}), source)
    else:
        source.write_text('{"text": "Berita"}\n' if name == "b.jsonl" else "text\nBerita\n", encoding="utf-8")
    assert "kerjasama label" in error_line(call("report", source, "-o", "a.html"), 3)
    assert not (tmp_path / "a.html").exists()


def test_a_column_of_dates_that_is_not_there(call, tmp_path):
    """A table without the column that was named is refused."""
    (tmp_path / "b.csv").write_text("text,form\nRI,bilateral\n", encoding="utf-8")
    assert "--date-column" in error_line(call("report", "b.csv", "--date-column", "hari", "--json"), 3)


def test_an_existing_page_is_kept(call, tmp_path):
    """Only --force overwrites a page."""
    source = _jsonl(tmp_path / "a.jsonl", [ROW])
    (tmp_path / "a.html").write_text("lama", encoding="utf-8")
    error_line(call("report", source, "-o", "a.html"), 6)
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == "lama"
    assert call("report", source, "-o", "a.html", "--force").code == 0
    assert (tmp_path / "a.html").read_bytes().startswith(b"<!DOCTYPE html>")


def test_the_input_is_never_overwritten(call, tmp_path):
    """The archive itself is no place for the page, even with --force."""
    source = _jsonl(tmp_path / "a.jsonl", [ROW])
    before = source.read_bytes()
    assert "never overwritten" in error_line(call("report", source, "-o", "a.jsonl", "--force"), 2)
    assert source.read_bytes() == before


def test_a_damaged_archive_leaves_no_page(call, tmp_path):
    """Where reading fails half-way, nothing is written."""
    source = _jsonl(tmp_path / "a.jsonl", [ROW])
    (tmp_path / "b.jsonl.gz").write_bytes(b"\x1f\x8b\x08\x00terpotong")
    error_line(call("report", source, "b.jsonl.gz", "-o", "a.html"), 3)
    assert not (tmp_path / "a.html").exists()


def test_without_the_extra(call, tmp_path, monkeypatch):
    """A page needs matplotlib, and says how to get it; --json doesn't."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    source = _jsonl(tmp_path / "a.jsonl", [ROW])
    assert "pip install 'kerjasama-nlp[report]'" in error_line(call("report", source, "-o", "a.html"), 2)
    assert call("report", source, "--json").code == 0


def test_nothing_to_write(call, tmp_path):
    """Without a page and without --json there is nothing to do."""
    assert "--json" in error_line(call("report", _jsonl(tmp_path / "a.jsonl", [ROW])), 2)
