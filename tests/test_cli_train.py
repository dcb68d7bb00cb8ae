"""`kerjasama train`: what it takes, what it refuses, and that nothing is half-written or lost."""

import json
import os
import pty
import shutil
import subprocess
import sys
from errno import EIO, ENOSPC
from pathlib import Path

import pytest
from conftest import cases, error_line

from kerjasama_nlp import load, model, model_files

QUESTION = "kapan Serikat Kopi Selatan didirikan"
GOLD = [
    {"question": QUESTION, "answerable": True, "must_contain": [["1971"]]},
    {"question": "apa itu Serikat Kopi Selatan", "answerable": True, "must_contain": [["organisasi"]]},
    {"question": "di mana markas Forum Angin", "answerable": True, "must_contain": [["Porto"]]},
    {"question": "siapa presiden bulan", "answerable": False, "must_contain": []},
    {"question": "berapa harga emas", "answerable": False, "must_contain": []},
]


def _contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def _jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _texts(folder):
    """Return all texts of a model's passages."""
    return [passage.text for passage in load(folder).index.passages]


@pytest.fixture
def old_model(small_model, tmp_path):
    """Return a model folder of the test's own, beside the articles."""
    return shutil.copytree(small_model, tmp_path / "model")


# What it takes


def test_folder_of_articles(kerjasama, small_articles, tmp_path):
    """A folder of .md, .txt and .html becomes a model; one line on standard error says what went in."""
    ended = kerjasama("train", "--articles", small_articles, "-o", "baru")
    assert (ended.returncode, ended.stdout) == (0, b"")
    assert ended.stderr.decode().startswith("baru: 3 articles, ")
    assert ended.stderr.count(b"\n") == 1
    assert "1971" in load(tmp_path / "baru").ask(QUESTION).answer
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artikel", "baru"]


@pytest.mark.parametrize("name", ["serikat-kopi.md", "pakta.txt", "halaman.html"])
def test_a_file_instead_of_a_folder(call, small_articles, tmp_path, name):
    """One file is a corpus too."""
    reply = call("train", "--articles", small_articles / name, "-o", "baru")
    assert reply.code == 0
    assert reply.err.startswith("baru: 1 articles, ")
    assert load(tmp_path / "baru").manifest["articles"] == 1


def test_jsonl_collection(call, tmp_path):
    """A JSONL file holds an article a line; identifiers, titles and line numbers are kept as sources."""
    rows = [
        {"id": "p-1", "title": "Pakta Awan", "text": "Pakta Awan ditandatangani di Lima pada 2 Mei 1980."},
        {"title": "Pakta Batu", "text": "Pakta Batu mengatur tambang batu di perbatasan."},
    ]
    source = _jsonl(tmp_path / "a.jsonl", rows)
    assert call("train", "--articles", source, "-o", "baru").code == 0
    opened = load(tmp_path / "baru")
    first = opened.ask("kapan Pakta Awan ditandatangani", min_confidence=0).sources[0]
    assert (first.article_id, first.title, first.path) == ("p-1", "Pakta Awan", "a.jsonl:1")
    assert opened.ask("tambang batu", min_confidence=0).sources[0].article_id == "a.jsonl:2"


def test_several_sources_add_up(call, small_articles, tmp_path):
    """--articles may be given again and again; the model holds the articles of all, in their order."""
    source = _jsonl(tmp_path / "a.jsonl", [{"text": "Pakta Batu mengatur tambang batu di perbatasan."}])
    args = ("--articles", small_articles, "--articles", source, "--articles", small_articles / "pakta.txt")
    assert call("train", *args, "-o", "baru").code == 0
    texts = _texts(tmp_path / "baru")
    alone = call("train", "--articles", small_articles, "-o", "sendiri")
    assert alone.code == 0
    before = _texts(tmp_path / "sendiri")
    assert texts[: len(before)] == before
    assert texts[len(before)].startswith("Pakta Batu")
    assert load(tmp_path / "baru").manifest["articles"] == 5


def test_ranking_comes_from_the_base(call, small_articles, tmp_path):
    """Without questions, ranking and refusal are those of the base model, byte for byte."""
    assert call("train", "--articles", small_articles, "-o", "dasar").code == 0
    weights = json.loads((tmp_path / "dasar" / "answering.json").read_text(encoding="utf-8"))
    base = load(tmp_path / "dasar")
    weights["plain"]["threshold"] = 0.123
    changed = model.Rankers.from_json(weights, base.ranker.translations)
    model.save(model.Model(base.index, changed), tmp_path / "lain")
    assert call("train", "--articles", small_articles, "--base", "lain", "-o", "baru").code == 0
    assert (tmp_path / "baru" / "answering.json").read_bytes() == (tmp_path / "lain" / "answering.json").read_bytes()


def test_questions_fit_ranking_and_refusal(call, small_articles, tmp_path):
    """With questions over the articles the weights are fitted on them; the manifest says on how many."""
    gold = _jsonl(tmp_path / "q.jsonl", GOLD)
    reply = call("train", "--articles", small_articles, "--questions", gold, "-o", "baru")
    assert reply.code == 0
    opened = load(tmp_path / "baru")
    assert opened.manifest["questions"] == len(GOLD)
    assert opened.ranker != load().ranker


@pytest.mark.parametrize(
    "gold",
    [
        [GOLD[0] | {"must_contain": [["tidak pernah disebut"]]}, GOLD[3]],
        GOLD[:2],
        GOLD[3:],
        [],
        [GOLD[0] | {"must_contain": []}, GOLD[3]],
        [{"question": 1, "answerable": True, "must_contain": [["x"]]}],
    ],
    ids=["none answered", "only answerable", "only unanswerable", "empty", "nothing to hold", "no text"],
)
def test_questions_that_teach_nothing(call, small_articles, tmp_path, gold):
    """Questions that nothing can be fitted on are an unreadable input, told in one line."""
    source = _jsonl(tmp_path / "q.jsonl", gold)
    error_line(call("train", "--articles", small_articles, "--questions", source, "-o", "baru"), 3)
    assert not (tmp_path / "baru").exists()


def test_same_input_gives_the_same_bytes(kerjasama, small_articles, tmp_path):
    """Training twice on the same articles gives byte-identical folders, whatever the hash seed."""
    for name, seed in (("satu", "1"), ("dua", "2")):
        env = {"PYTHONHASHSEED": seed}
        assert kerjasama("train", "--articles", small_articles, "-o", name, env=env).returncode == 0
    assert _contents(tmp_path / "satu") == _contents(tmp_path / "dua")
    assert len(_contents(tmp_path / "satu")) > len(model_files.INDEX_ARRAYS)


# What it can't read


@pytest.mark.parametrize("case", cases("unreadable_articles.json"))
def test_unreadable_articles(call, tmp_path, case):
    """Articles that can't be read end in exit code 3 and one line that names them; nothing is written."""
    for name, text in case["files"].items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_text(text, encoding="utf-8")
    before = _contents(tmp_path)
    reply = call("train", "--articles", case["articles"], *case.get("args", []), "-o", "baru")
    assert case["says"] in error_line(reply, 3)
    assert _contents(tmp_path) == before


def test_one_bad_article_among_good_ones(call, small_articles, tmp_path):
    """A broken file isn't skipped in silence: its name and what to do are said, and nothing is written."""
    (small_articles / "rusak.txt").write_bytes(b"Pakta Laut\n\nKaf\xe9 di tepi laut.\n")
    error = error_line(call("train", "--articles", small_articles, "-o", "baru"), 3)
    assert "rusak.txt: byte 15 is not utf-8" in error
    assert "--encoding cp1252" in error
    assert not (tmp_path / "baru").exists()
    assert call("train", "--articles", small_articles, "--encoding", "cp1252", "-o", "baru").code == 0
    assert any("Kafé" in text for text in _texts(tmp_path / "baru"))


def test_half_a_character_in_jsonl(call, tmp_path):
    """Half of an emoji, as tools cut it off, costs that character and nothing else."""
    (tmp_path / "a.jsonl").write_text('{"text": "Pakta \\ud83d Batu mengatur tambang."}\n', encoding="utf-8")
    assert call("train", "--articles", "a.jsonl", "-o", "baru").code == 0
    (text,) = _texts(tmp_path / "baru")
    assert text.endswith("Batu mengatur tambang.")


@pytest.mark.skipif(sys.platform == "darwin", reason="the file system refuses such names")
def test_file_name_in_another_encoding(call, tmp_path):
    """A file name from an old archive, in Latin-1, doesn't keep the article out."""
    (tmp_path / "sumber").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/sumber/kaf\xe9.txt")).write_text(
        "Pakta Batu mengatur tambang batu di perbatasan.", encoding="utf-8"
    )
    assert call("train", "--articles", "sumber", "-o", "baru").code == 0
    reply = call("ask", "--json", "tambang batu", "--min-confidence", "0", "--model", "baru")
    assert json.loads(reply.out)["sources"][0]["path"].startswith("kaf")


# What it writes, and what it never overwrites


def test_existing_output(call, small_articles, old_model, tmp_path):
    """An output that exists is told at once, before anything is read, and stays as it is."""
    before = _contents(tmp_path)
    assert "--force" in error_line(call("train", "--articles", small_articles, "-o", old_model), 6)
    assert "--force" in error_line(call("train", "--articles", "tidak-ada", "-o", old_model), 6)
    assert _contents(tmp_path) == before


def test_force_replaces_a_model(call, small_articles, old_model, tmp_path):
    """--force puts the new model in the old one's place, whole."""
    (old_model / "catatan.txt").write_text("milik model lama", encoding="utf-8")
    reply = call("train", "--articles", small_articles / "pakta.txt", "-o", old_model, "--force")
    assert reply.code == 0
    assert load(old_model).manifest["articles"] == 1
    assert not (old_model / "catatan.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artikel", "model"]


def test_force_never_deletes_what_is_no_model(call, small_articles, tmp_path):
    """--force overwrites a model; a folder of something else is no model, so a slip of the hand loses nothing."""
    before = _contents(tmp_path)
    error_line(call("train", "--articles", small_articles, "-o", small_articles, "--force"), 6)
    assert _contents(tmp_path) == before
    error_line(call("train", "--articles", "tidak-ada", "-o", small_articles, "--force"), 6)  # told at once


@pytest.mark.parametrize("output", ["artikel/pakta.txt/model", "/dev/null/model"])
def test_output_that_cannot_be_made(call, small_articles, tmp_path, output):
    """An output below something that is no folder ends in exit code 74."""
    before = _contents(tmp_path)
    assert "cannot be written" in error_line(call("train", "--articles", small_articles, "-o", output), 74)
    assert _contents(tmp_path) == before


def test_output_name_that_is_too_long(call, small_articles):
    """A name longer than the system takes ends in exit code 74."""
    assert "cannot be written" in error_line(call("train", "--articles", small_articles, "-o", "m" * 300), 74)


@pytest.mark.parametrize("previous", [False, True], ids=["a new output", "over an old model"])
@pytest.mark.parametrize(
    "step",
    [(model, "write_array"), (Path, "write_text"), (os, "fsync"), (Path, "rename")],
    ids=["array", "text", "flush", "rename"],
)
def test_full_disk(monkeypatch, call, small_articles, old_model, tmp_path, previous, step):
    """A write that fails at the last moment ends in exit code 74: no half model, no litter, the old one stays."""
    before = _contents(tmp_path)
    calls = 0
    owner, name = step
    original = getattr(owner, name)
    # a late call of a kind fails, so that much was written before
    last = {"write_array": len(model_files.INDEX_ARRAYS), "write_text": 2, "fsync": len(model_files.INDEX_ARRAYS) + 2}
    fatal = last.get(name, 1 + previous)

    def fail(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == fatal:
            raise OSError(ENOSPC if name != "fsync" else EIO, "disk trouble")
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, fail)
    output = ("-o", old_model, "--force") if previous else ("-o", "baru")
    error = error_line(call("train", "--articles", small_articles, *output), 74)
    assert "cannot be written (disk trouble)" in error
    assert calls >= fatal
    assert _contents(tmp_path) == before


def test_limit_on_file_size(small_articles, tmp_path):
    """A real write that fails, against a limit of the system, ends the same way."""
    before = _contents(tmp_path)
    command = 'ulimit -f 1; exec "$0" -m kerjasama_nlp train --articles artikel -o baru'
    (small_articles / "besar.txt").write_text("Pakta Laut mengatur pelayaran. " * 3000, encoding="utf-8")
    ended = subprocess.run(
        ["sh", "-c", command, sys.executable], capture_output=True, cwd=tmp_path, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout) == (74, b"")
    assert ended.stderr.startswith(b"kerjasama: error: baru: cannot be written")
    (small_articles / "besar.txt").unlink()
    assert _contents(tmp_path) == before


def test_interrupted_training(monkeypatch, call, small_articles, tmp_path):
    """Ctrl-C while the model is written ends in exit code 130 and leaves nothing."""
    before = _contents(tmp_path)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(model, "write_array", interrupt)
    reply = call("train", "--articles", small_articles, "-o", "baru")
    assert (reply.code, reply.out) == (130, "")
    assert "Traceback" not in reply.err
    assert _contents(tmp_path) == before


def test_interrupted_training_says_so(monkeypatch, call, small_articles):
    """Ctrl-C is answered with one line."""

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(model, "write_array", interrupt)
    reply = call("train", "--articles", small_articles, "-o", "baru")
    assert reply.err.split("\n")[-2:] == ["kerjasama: error: interrupted", ""]


def test_note_commands_no_terminal(call, small_articles):
    """An output's name with terminal codes is shown without them."""
    reply = call("train", "--articles", small_articles, "-o", "model\x1b[31m\x9b1m\u202e")
    assert reply.code == 0
    assert reply.err.rstrip("\n").isprintable()


def test_error_after_progress_has_a_line_of_its_own(small_articles, tmp_path):
    """On a terminal the count of articles is wiped away before an error is told."""
    (small_articles / "zzz.txt").write_bytes(b"\0")
    keyboard, side = pty.openpty()
    ended = subprocess.run(
        [sys.executable, "-m", "kerjasama_nlp", "train", "--articles", "artikel", "-o", "baru"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=side,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    os.close(side)
    shown = os.read(keyboard, 65536).decode()
    os.close(keyboard)
    assert ended.returncode == 3
    assert "articles (" in shown
    assert "\r\x1b[Kkerjasama: error: " in shown
