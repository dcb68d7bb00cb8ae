"""`kerjasama ask`: one question, a pipe of them, or a prompt; answers, refusals, exit codes, and hostile input."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest
from conftest import cases, error_line, read_terminal

from kerjasama_nlp import load, model, training
from kerjasama_nlp.language import spelling

KEYS = {"question", "answer", "confidence", "sources"}
SOURCE_KEYS = {"article_id", "title", "section", "path", "text", "score"}
KNOWN = "kapan Serikat Kopi Selatan didirikan"
UNKNOWN = "berapa harga emas batangan"
REFUSAL = "Korpus tidak memuat jawabannya."


def _rows(reply):
    return [json.loads(line) for line in reply.out.splitlines()]


def _model_of(folder, ranker, **articles):
    """Save a model of articles given as file name (without its suffix) and text; return its folder."""
    source = folder / "sumber"
    source.mkdir()
    for name, text in articles.items():
        (source / f"{name}.md").write_text(text, encoding="utf-8")
    built, about = training.index_articles([source])
    model.save(model.Model(built, ranker, training=about), folder / "model")
    return folder / "model"


def _environment():
    foreign = ("LC_", "LANG", "KERJASAMA", "PYTHONUNBUFFERED")
    return {k: v for k, v in os.environ.items() if not k.startswith(foreign)} | {"LC_ALL": "C", "TERM": "dumb"}


def _start(*args, **streams):
    command = [sys.executable, "-m", "kerjasama_nlp", *map(str, args)]
    return subprocess.Popen(command, env=_environment(), **streams)


# One question


def test_answer_and_its_source(kerjasama, small_model):
    """A question is answered on standard output, with the source below; nothing else is said."""
    ended = kerjasama("ask", KNOWN, "--model", small_model)
    assert (ended.returncode, ended.stderr) == (0, b"")
    answer, source = ended.stdout.decode().rstrip("\n").split("\n\n")
    assert "3 Mei 1971" in answer
    assert source.startswith("Sumber: Serikat Kopi Selatan > Sejarah Serikat Kopi Selatan [serikat-kopi.md]")


def test_shipped_model_answers_without_options(kerjasama):
    """Without --model the shipped corpus is asked."""
    ended = kerjasama("ask", "kapan ASEAN didirikan")
    assert ended.returncode == 0
    assert "Sumber: ASEAN" in ended.stdout.decode()


def test_refusal_of_a_single_question(call, small_model):
    """A question without an answer in the corpus ends in exit code 1 and a plain refusal, which is no error."""
    reply = call("ask", UNKNOWN, "--model", small_model)
    assert (reply.code, reply.err) == (1, "")
    assert reply.out.startswith(REFUSAL)
    assert "Sumber" not in reply.out


def test_json_of_an_answer(call, small_model):
    """--json prints one object with question, answer, confidence and sources, each of its type."""
    reply = call("ask", "--json", KNOWN, "--model", small_model)
    (row,) = _rows(reply)
    assert reply.code == 0
    assert set(row) >= KEYS
    assert row["question"] == KNOWN
    assert "3 Mei 1971" in row["answer"]
    assert 0 < row["confidence"] <= 1
    assert [set(source) for source in row["sources"]] == [SOURCE_KEYS] * len(row["sources"])
    first = row["sources"][0]
    assert (first["article_id"], first["path"]) == ("serikat-kopi", "serikat-kopi.md")
    assert row["answer"] in first["text"]
    assert all(isinstance(source["score"], float) and source["score"] > 0 for source in row["sources"])


def test_json_of_a_refusal_lists_sources(call, small_model):
    """A refusal has a null answer, and still the passages that come nearest."""
    reply = call("ask", "--json", "--min-confidence", "1", KNOWN, "--model", small_model)
    (row,) = _rows(reply)
    assert reply.code == 1
    assert row["answer"] is None
    assert row["sources"]
    assert 0 <= row["confidence"] <= 1


def test_question_that_nothing_in_the_corpus_speaks_of(call, small_model):
    """Where no word of the question is known, there is no source and no confidence."""
    (row,) = _rows(call("ask", "--json", "xkq wrtz plmn", "--model", small_model))
    assert (row["answer"], row["confidence"], row["sources"]) == (None, 0, [])


def test_least_confidence_of_zero_answers_what_it_can(call, small_model):
    """With --min-confidence 0 the nearest unit is the answer, however far off."""
    assert call("ask", UNKNOWN, "--model", small_model).code == 1
    reply = call("ask", UNKNOWN, "--min-confidence", "0", "--model", small_model)
    assert reply.code == 0
    assert REFUSAL not in reply.out


def test_confidence_does_not_depend_on_the_threshold(call, small_model):
    """--min-confidence decides whether an answer is given, not how sure it is."""
    rows = [
        _rows(call("ask", "--json", "--min-confidence", least, KNOWN, "--model", small_model))[0]
        for least in ("0", "0.5", "1")
    ]
    assert len({row["confidence"] for row in rows}) == 1
    assert rows[0]["sources"] == rows[2]["sources"]
    assert rows[2]["answer"] is None


@pytest.mark.parametrize("top_k", [1, 2, 1000])
def test_number_of_sources(call, small_model, top_k):
    """--top-k limits the sources; the first one stays the one answered from."""
    everything = _rows(call("ask", "--json", "--top-k", 1000, "Serikat Kopi", "--model", small_model))[0]
    row = _rows(call("ask", "--json", "--top-k", top_k, "Serikat Kopi", "--model", small_model))[0]
    assert len(everything["sources"]) > 2
    assert row["sources"] == everything["sources"][:top_k]
    assert row["answer"] == everything["answer"]


@pytest.mark.parametrize("case", cases("usage.json"))
def test_wrong_call(call, case):
    """A wrong call ends in exit code 2 and one line that names what was wrong."""
    error = error_line(call(*case["args"]), 2)
    assert case["says"] in error
    assert error.rstrip("\n").isprintable()


# A pipe of questions


def test_pipe_answers_each_line_in_order(kerjasama, small_model):
    """Each line of a pipe gets one JSON object, in order, refusals included; the exit code is 0."""
    questions = [KNOWN, UNKNOWN, "apa tujuan Serikat Kopi Selatan", KNOWN]
    ended = kerjasama("ask", "--json", "--model", small_model, stdin="\n".join(questions))
    rows = [json.loads(line) for line in ended.stdout.decode().split("\n")[:-1]]
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert [row["question"] for row in rows] == questions
    assert [row["answer"] is None for row in rows] == [False, True, False, False]
    assert rows[0] == rows[3]


def test_pipe_equals_single_questions(call, small_model):
    """A question gets the same answer in a pipe as alone."""
    questions = [KNOWN, UNKNOWN, "apa tujuan Serikat Kopi Selatan", "di mana markas Forum Angin"]
    together = _rows(call("ask", "--json", "--model", small_model, stdin="\n".join(questions)))
    alone = [_rows(call("ask", "--json", "--model", small_model, question))[0] for question in questions]
    assert together == alone


def test_blank_lines_keep_their_place_in_json(call, small_model):
    """A blank line gets an object too, so that line n out answers line n in."""
    reply = call("ask", "--json", "--model", small_model, stdin=f"{KNOWN}\n\n  \t\n{UNKNOWN}\n")
    rows = _rows(reply)
    assert reply.code == 0
    assert [row["question"].strip() for row in rows] == [KNOWN, "", "", UNKNOWN]
    assert (rows[1]["answer"], rows[1]["sources"]) == (None, [])


def test_blank_lines_are_skipped_in_text(call, small_model):
    """For a reader blank lines are nothing, and answers are separated by one of them."""
    with_blanks = call("ask", "--model", small_model, stdin=f"\n\n{KNOWN}\n\n \n{UNKNOWN}\n\n")
    without = call("ask", "--model", small_model, stdin=f"{KNOWN}\n{UNKNOWN}\n")
    assert with_blanks == without
    assert with_blanks.code == 0
    assert "3 Mei 1971" in with_blanks.out.split(REFUSAL)[0]


def test_windows_line_ends(call, small_model):
    """A carriage return before the line end isn't part of the question."""
    rows = _rows(call("ask", "--json", "--model", small_model, stdin=f"{KNOWN}\r\n{UNKNOWN}\r\n"))
    assert [row["question"] for row in rows] == [KNOWN, UNKNOWN]


@pytest.mark.parametrize("args", [[], ["--json"]], ids=["text", "json"])
def test_empty_pipe(call, small_model, args):
    """No question, no answer, no complaint."""
    assert call("ask", *args, "--model", small_model, stdin="") == (0, "", "")


def test_answers_come_while_the_pipe_is_open(small_model):
    """A program that asks one question at a time gets each answer before it asks the next."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with _start("ask", "--json", "--model", small_model, **pipes) as process:
        for question in (KNOWN, UNKNOWN):
            process.stdin.write(question.encode() + b"\n")
            process.stdin.flush()
            ready, _, _ = select.select([process.stdout], [], [], 30)
            assert ready
            assert json.loads(process.stdout.readline())["question"] == question
        process.stdin.close()
        assert process.wait(30) == 0


def test_byte_order_mark_is_no_question(call, small_model):
    """Text from Windows tools, with a byte order mark, is read like any other."""
    rows = _rows(call("ask", "--json", "--model", small_model, stdin=b"\xef\xbb\xbf" + KNOWN.encode()))
    assert [row["question"] for row in rows] == [KNOWN]


def test_broken_utf8_is_replaced(kerjasama, small_model):
    """Bytes that aren't UTF-8 cost their question a character and no other question anything."""
    lines = b"apa itu \xff\xfePakta Danau Biru\n\x80\n" + KNOWN.encode() + b"\n\xc3"
    ended = kerjasama("ask", "--json", "--model", small_model, stdin=lines, binary=True)
    rows = [json.loads(line) for line in ended.stdout.decode().split("\n")[:-1]]
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert [row["question"] for row in rows] == [
        "apa itu \ufffd\ufffdPakta Danau Biru",
        "\ufffd",
        KNOWN,
        "\ufffd",
    ]
    assert "3 Mei 1971" in rows[2]["answer"]


@pytest.mark.parametrize("case", cases("hostile_questions.json"))
def test_hostile_question(call, small_model, case):
    """Whatever stands in a question, it comes back unchanged with one reply, and the next is answered as ever."""
    question = case["question"] * case.get("times", 1)
    reply = call("ask", "--json", "--model", small_model, stdin=f"{question}\n{KNOWN}\n")
    rows = [json.loads(line) for line in reply.out.split("\n")[:-1]]
    assert (reply.code, reply.err) == (0, "")
    assert [row["question"] for row in rows] == [question, KNOWN]
    assert "3 Mei 1971" in rows[1]["answer"]
    text = call("ask", "--model", small_model, stdin=f"{question}\n")
    assert text.code == 0
    assert {c for c in text.out if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"}} <= {"\n"}


@pytest.mark.parametrize("unit", ["x", "kerjasama", "\ufdf2"], ids=["a letter", "a word", "a ligature of four letters"])
def test_one_endless_word_costs_little(monkeypatch, small_model, unit):
    """A word of a megabyte isn't tried in more spellings than real words have."""
    tried = 0
    edits = spelling.edits

    def counted(word):
        nonlocal tried
        for candidate in edits(word):
            tried += 1
            assert tried < 10_000
            yield candidate

    monkeypatch.setattr(spelling, "edits", counted)
    opened = load(small_model)
    assert opened.ask("kapan Serikat Kopi Selatn didirikan").answer
    assert tried > 0
    opened.ask(unit * (1_000_000 // len(unit)))


# Answers have a length


LONG_SENTENCE = ", ".join(f"pasal {number} tentang perkara ke-{number}" for number in range(2, 80))
LONG_LIST = "\n".join(f"{number}. menjaga perkara ke-{number} di semua negara anggota" for number in range(1, 90))


@pytest.mark.parametrize(
    ("article", "question", "limit"),
    [
        (f"Pakta Awan adalah perjanjian dengan {LONG_SENTENCE}.", "apa itu Pakta Awan", 1200),
        (f"Tujuan Pakta Awan ialah:\n\n{LONG_LIST}", "apa tujuan Pakta Awan", 1200),
        ("Pakta Awan adalah perjanjian. " * 200, "apa itu Pakta Awan", 1200),
        ("Pakta Awan didirikan pada 3 Mei 1971 di Bogota. " * 80, "kapan Pakta Awan didirikan", 500),
        pytest.param(
            f"Pakta Awan didirikan pada 3 Mei 1971 dengan {LONG_SENTENCE[:700]}.",
            "kapan Pakta Awan didirikan",
            500,
        ),
        pytest.param(
            f"Pakta Awan adalah {'ab ' * 394}xyz.",
            "apa itu Pakta Awan",
            1200,
        ),
    ],
    ids=["one long sentence", "a long list", "many sentences", "many facts", "a long fact", "cut at the limit"],
)
def test_answer_is_no_page(tmp_path, call, shipped_ranker, article, question, limit):
    """An answer has at most 1,200 characters, one that is a fact at most 500."""
    folder = _model_of(tmp_path, shipped_ranker, pakta=f"# Pakta Awan\n\n{article}\n")
    (row,) = _rows(call("ask", "--json", "--min-confidence", "0", question, "--model", folder))
    assert len(article) > limit
    assert 20 < len(row["answer"]) <= limit
    assert row["answer"].startswith(("Pakta Awan", "Tujuan Pakta Awan"))


def test_a_cut_list_keeps_something_of_its_items(tmp_path, call, shipped_ranker):
    """A list that must be cut is more than the sentence that announces it."""
    article = f"# Pakta Awan\n\nTujuan Pakta Awan ialah:\n\n1. menjaga {LONG_SENTENCE};\n2. menjaga damai.\n"
    folder = _model_of(tmp_path, shipped_ranker, pakta=article)
    (row,) = _rows(call("ask", "--json", "--min-confidence", "0", "apa tujuan Pakta Awan", "--model", folder))
    assert len(row["answer"]) <= 1200
    assert "menjaga" in row["answer"]


# Nothing of the corpus commands a terminal


HOSTILE = "\x1b[31m\x1b]0;judul\x07\x9b1m\u202e\u2066\x08\x7f"


@pytest.fixture
def hostile_model(tmp_path, shipped_ranker):
    """Save a model of an article whose title, heading, text and file name hold terminal codes."""
    text = f"# Pakta{HOSTILE} Awan\n\n## Isi{HOSTILE}\n\nPakta{HOSTILE} Awan adalah perjanjian{HOSTILE} dua negara.\n"
    return _model_of(tmp_path, shipped_ranker, **{f"pakta{HOSTILE}": text})


@pytest.mark.parametrize("least", ["0", "1"], ids=["answer", "refusal"])
def test_articles_command_no_terminal(call, hostile_model, least):
    """Control and bidirectional characters of title, heading, text and file name don't reach the terminal."""
    reply = call("ask", "apa itu Pakta Awan", "--min-confidence", least, "--model", hostile_model)
    assert reply.code == int(least)
    assert "Pakta" in reply.out
    assert "pakta" in reply.out
    assert {c for c in reply.out if unicodedata.category(c) in {"Cc", "Cf"}} == {"\n"}


def test_articles_command_no_terminal_in_json(call, hostile_model):
    """JSON names a file with such characters exactly, and escapes them."""
    reply = call("ask", "--json", "apa itu Pakta Awan", "--model", hostile_model)
    (row,) = [json.loads(line) for line in reply.out.split("\n")[:-1]]
    assert row["sources"][0]["path"] == f"pakta{HOSTILE}.md"
    assert {c for c in reply.out if unicodedata.category(c) in {"Cc", "Cf"}} == {"\n"}


def _shown(*args, **environment):
    """Run the real command on a terminal; return what it shows."""
    ours, theirs = pty.openpty()
    usual = {name: value for name, value in _environment().items() if name != "NO_COLOR"}
    command = [sys.executable, "-m", "kerjasama_nlp", *map(str, args)]
    with subprocess.Popen(command, stdout=theirs, stdin=subprocess.DEVNULL, env=usual | environment) as process:
        os.close(theirs)
        shown = read_terminal(ours)
    assert process.returncode == 0
    return shown.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("environment", "bold"),
    [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
    ids=["a terminal", "NO_COLOR", "a dumb terminal"],
)
def test_the_fact_is_bold_on_a_terminal(small_model, call, environment, bold):
    """A terminal shows the fact in bold, unless it can't or mustn't; the rest is what a pipe gets."""
    shown = _shown("ask", KNOWN, "--model", small_model, **environment)
    assert ("\x1b[1m3 Mei 1971\x1b[0m" in shown) == bold
    assert shown.replace("\x1b[1m", "").replace("\x1b[0m", "") == call("ask", KNOWN, "--model", small_model).out
    assert "\x1b" not in _shown("ask", "--json", KNOWN, "--model", small_model, **environment)


def test_facts_command_no_terminal(tmp_path, shipped_ranker):
    """Codes in and around a fact don't reach the terminal, which gets the two for bold."""
    text = f"# Pakta Awan\n\nPakta Awan{HOSTILE} didirikan pada {HOSTILE}3 Mei 19{HOSTILE}71 di{HOSTILE} Bogota.\n"
    folder = _model_of(tmp_path, shipped_ranker, pakta=text)
    shown = _shown("ask", "kapan Pakta Awan didirikan", "--min-confidence", "0", "--model", folder, TERM="xterm")
    assert shown.count("\x1b") == shown.count("\x1b[1m") + shown.count("\x1b[0m") == 2
    assert {c for c in shown if unicodedata.category(c) in {"Cc", "Cf"}} == {"\n", "\x1b"}


def test_errors_command_no_terminal(call):
    """The name of a missing model is shown without its terminal codes."""
    reply = call("ask", "apa", "--model", f"model{HOSTILE}")
    assert reply.code == 5
    assert reply.err.rstrip("\n").isprintable()


# The language of the messages changes nothing that a script reads


@pytest.mark.parametrize(
    "env",
    [
        {"KERJASAMA_LANG": "id"},
        {"LC_ALL": "id_ID.UTF-8"},
        {"LC_ALL": "", "LANG": "C"},
        {"LC_ALL": "", "LANG": "tr_TR.ISO-8859-9"},
    ],
    ids=lambda env: " ".join(env.values()).strip(),
)
def test_language_changes_no_data(call, small_model, env):
    """Answers, refusals, JSON and exit codes are the same in every language."""
    calls = [
        ("ask", KNOWN, "--model", small_model),
        ("ask", UNKNOWN, "--model", small_model),
        ("ask", "--json", KNOWN, "--model", small_model),
        ("ask", "--json", UNKNOWN, "--model", small_model),
        ("info", "--json", "--model", small_model),
        ("ask", KNOWN, "--model", "tidak-ada"),
        ("ask", "--top-k", "0", KNOWN),
    ]
    english = [call(*args) for args in calls]
    other = [call(*args, env=env) for args in calls]
    assert [(reply.code, reply.out) for reply in other] == [(reply.code, reply.out) for reply in english]
    assert [reply.code for reply in other] == [0, 1, 0, 1, 0, 5, 2]


@pytest.mark.parametrize(
    "env",
    [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "latin-1"}],
    ids=["plain C locale", "Latin-1 streams"],
)
def test_streams_are_utf8_whatever_the_locale(kerjasama, small_model, env):
    """Questions and answers are UTF-8 even where Python was told otherwise."""
    ended = kerjasama("ask", "--json", "--model", small_model, stdin="Côte d’Ivoire – 協力\n", env=env)
    assert ended.returncode == 0
    assert json.loads(ended.stdout.decode("utf-8"))["question"] == "Côte d’Ivoire – 協力"


# Streams that end, fail or aren't there


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """Ask thousands of questions, read the first reply and close the pipe; return exit code and errors."""
    questions = tmp_path_factory.mktemp("pipa") / "pertanyaan.txt"
    questions.write_text("kapan ASEAN didirikan\n" * 3000, encoding="utf-8")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with questions.open("rb") as stdin, _start("ask", "--json", stdin=stdin, **pipes) as process:
        assert json.loads(process.stdout.readline())["answer"]
        process.stdout.close()
        errors = process.stderr.read()
        return process.wait(30), errors


def test_reader_that_leaves_is_no_error(left):
    """`| head -1` ends the command quietly."""
    _, errors = left
    assert errors == b""


def test_reader_that_leaves_is_no_refusal(left):
    """A closed pipe doesn't end in the exit code that means that there is no answer."""
    code, _ = left
    assert code != 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_full_disk(small_model):
    """An answer that can't be written ends in exit code 74 and one line."""
    with Path("/dev/full").open("wb") as full:
        process = _start("ask", KNOWN, "--model", small_model, stdout=full, stderr=subprocess.PIPE)
        with process:
            errors = process.stderr.read().decode()
    assert process.returncode == 74
    assert errors.count("\n") == 1
    assert "No space left on device" in errors


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("args", [["--help"], ["ask", "-h"], ["--version"]], ids=" ".join)
def test_help_on_a_full_disk(args):
    """Help that can't be written ends like an answer that can't."""
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "kerjasama_nlp", *args],
            stdout=full,
            stderr=subprocess.PIPE,
            env=_environment(),
            timeout=60,
            check=False,
        )
    assert ended.returncode == 74
    assert ended.stderr.decode() == ("kerjasama: error: standard output cannot be written (No space left on device)\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_errors_that_cannot_be_written(small_model):
    """An error that can't be told keeps its exit code."""
    with Path("/dev/full").open("wb") as full, _start("ask", " ", "--model", small_model, stderr=full) as process:
        assert process.wait(30) == 2


@pytest.mark.parametrize(
    ("args", "closed", "code"),
    [
        ([KNOWN], "<&-", 0),
        ([], "<&-", 0),
        ([KNOWN], "2>&-", 0),
        ([" "], "2>&-", 2),
        ([KNOWN], ">&-", 74),
    ],
    ids=["input", "input for questions", "errors", "errors for an error", "output"],
)
def test_closed_stream(small_model, args, closed, code):
    """A scheduler may start the command without one of its streams: what doesn't need it works all the same."""
    call = ("kerjasama_nlp", "ask", *args, "--model", str(small_model))
    ended = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", *call],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == code
    assert b"Traceback" not in ended.stderr
    assert (b"3 Mei 1971" in ended.stdout) == (code == 0 and args == [KNOWN])


def test_interrupted_pipe(small_model):
    """Ctrl-C while questions are awaited from a pipe ends in exit code 130, without a traceback."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with _start("ask", "--json", "--model", small_model, **pipes) as process:
        process.stdin.write(KNOWN.encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["answer"]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert b"Traceback" not in process.stderr.read()


# The prompt


class _Terminal:
    """A command on a pseudo-terminal of its own: what it shows, and keys to press."""

    def __init__(self, *args, **streams):
        self.keyboard, side = pty.openpty()
        self.shown = ""
        streams = {"stdin": side, "stdout": side, "stderr": side} | streams
        # a session of its own makes the terminal the controlling one, so that Ctrl-C interrupts the command
        lead = "import os, sys; os.setsid(); import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
        start = lead + "os.execv(sys.executable, [sys.executable, '-m', 'kerjasama_nlp', *sys.argv[1:]])"
        command = [sys.executable, "-c", start, *map(str, args)]
        self.process = subprocess.Popen(command, env=_environment(), **streams)
        os.close(side)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        os.close(self.keyboard)

    def _read(self, seconds):
        ready, _, _ = select.select([self.keyboard], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.keyboard, 65536)
        except OSError:  # the command has ended
            return False
        self.shown += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)

    def wait_for(self, text):
        """Read what is shown until it holds `text`, then let the command settle down to wait for keys."""
        end = time.monotonic() + 30
        while text not in self.shown and time.monotonic() < end:
            self._read(0.2)
        assert text in self.shown
        time.sleep(0.15)

    def press(self, keys):
        self.shown = ""
        os.write(self.keyboard, keys.encode())

    def end(self, keys):
        """Press `keys` until the command ends; return its exit code."""
        self.press(keys)
        for _ in range(5):
            end = time.monotonic() + 6
            while self.process.poll() is None and time.monotonic() < end:
                self._read(0.05)
            if self.process.poll() is not None:
                while self._read(0.05):
                    pass
                return self.process.returncode
            os.write(self.keyboard, keys.encode())
        raise AssertionError("the command didn't end: " + self.shown)


def test_prompt_answers_and_ends(small_model):
    """On a terminal a prompt asks, answers, asks again after a blank line, and ends with Ctrl-D."""
    with _Terminal("ask", "--model", small_model) as terminal:
        terminal.wait_for("kerjasama> ")
        assert "Ctrl-D" in terminal.shown
        terminal.press(f"{KNOWN}\n")
        terminal.wait_for("kerjasama> ")
        assert "3 Mei 1971" in terminal.shown
        terminal.press("\n")
        terminal.wait_for("kerjasama> ")
        assert "Korpus" not in terminal.shown
        terminal.press(f"{UNKNOWN}\n")
        terminal.wait_for("kerjasama> ")
        assert REFUSAL in terminal.shown
        assert terminal.end("\x04") == 0
        assert "Traceback" not in terminal.shown


@pytest.fixture(scope="module")
def interrupted():
    """Press Ctrl-C at the prompt; return the exit code and what was shown after it."""
    with _Terminal("ask") as terminal:
        terminal.wait_for("kerjasama> ")
        return terminal.end("\x03"), terminal.shown


def test_interrupted_prompt(interrupted):
    """Ctrl-C at the prompt ends in exit code 130, without a traceback."""
    code, shown = interrupted
    assert code == 130
    assert "Traceback" not in shown


def test_interrupted_prompt_says_so(interrupted):
    """Ctrl-C says in one line that the command was interrupted."""
    _, shown = interrupted
    lines = [line for line in shown.splitlines() if line.strip() not in {"", "^C"}]
    assert lines == ["kerjasama: error: interrupted"]


def test_prompt_stays_off_redirected_output(small_model):
    """Who types questions and redirects the answers finds only answers in the file."""
    with _Terminal("ask", "--json", "--model", small_model, stdout=subprocess.PIPE) as terminal:
        terminal.wait_for("Ctrl-D.\n")
        terminal.press(f"{KNOWN}\n")
        first = terminal.process.stdout.readline()
        terminal.wait_for("kerjasama> ")
        assert terminal.end("\x04") == 0
        assert json.loads(first)["question"] == KNOWN
        assert terminal.process.stdout.read() == b""
