"""`kerjasama review`: rows on a terminal or keys from a pipe, and nothing lost whatever ends it."""

import csv
import fcntl
import io
import json
import os
import pty
import random
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest
from conftest import error_line

from kerjasama_nlp import load
from kerjasama_nlp.labels.labelled import read

TEXTS = [
    "Indonesia dan Jepang menandatangani perjanjian dagang di Tokyo.",
    "Petani Sleman panen cabai.",
    "ASEAN membahas kabut asap lintas batas di Jakarta.",
    "PBB mengirim bantuan pangan bagi pengungsi di Suriah.",
    "Kapolri menemui koleganya dari Australia membahas terorisme.",
    "Festival film pendek digelar di Yogyakarta.",
]
CODES = re.compile(r"\x1b\[\d*m")
DECIDED = "4\n\n"  # bukan, Enter


@pytest.fixture
def archive(tmp_path):
    """Write six rows that nobody has labelled."""
    path = tmp_path / "arsip.jsonl"
    path.write_text("".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(TEXTS)), "utf-8")
    return path


def _rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# Keys from a pipe


def test_keys_of_a_pipe(call, archive, tmp_path):
    """A key a line labels the rows; standard output stays empty, and what is left is told."""
    reply = call("review", archive, "-o", "k.jsonl", stdin="4\n\ns\nq\n4\n\n")
    assert (reply.code, reply.out) == (0, "")
    assert reply.err.splitlines()[-2:] == [
        "k.jsonl: 1 corrections, 1 rows skipped, 4 left",
        "learn from them: kerjasama train --labels k.jsonl -o MODEL",
    ]
    (row,) = _rows(tmp_path / "k.jsonl")
    assert (row["form"], row["sectors"], row["reviewed"]) == ("bukan", [], True)
    assert row["text"] == TEXTS[row["id"]]


def test_going_on(call, archive, tmp_path):
    """The next call shows the rows that are left, in the order in which one call would have shown them."""
    call("review", archive, "-o", "satu.jsonl", stdin=DECIDED * 6)
    for _ in range(3):
        call("review", archive, "-o", "k.jsonl", stdin=DECIDED * 2)
    assert _rows(tmp_path / "k.jsonl") == _rows(tmp_path / "satu.jsonl")
    reply = call("review", archive, "-o", "k.jsonl", stdin="\n")
    assert (reply.code, reply.err) == (0, "found no row that is left to review\n")


def test_going_on_behind_what_was_skipped(call, archive, tmp_path):
    """A skipped row isn't shown again, until it is undone."""
    call("review", archive, "-o", "k.jsonl", stdin="s\n" * 2)
    reply = call("review", archive, "-o", "k.jsonl", stdin=DECIDED * 9)
    assert len(_rows(tmp_path / "k.jsonl")) == 4
    assert "k.jsonl: 4 corrections, 2 rows skipped, 0 left" in reply.err


def test_undoing_after_going_on(call, archive, tmp_path):
    """What an earlier call decided can be undone, and decided otherwise."""
    call("review", archive, "-o", "k.jsonl", stdin=DECIDED)
    call("review", archive, "-o", "k.jsonl", stdin="u\nu\n2\na\n\n")
    (row,) = _rows(tmp_path / "k.jsonl")
    assert (row["form"], "ekonomi" in row["sectors"]) == ("regional", True)


def test_training_takes_it(call, archive, tmp_path):
    """What was decided is what training learns from."""
    call("review", archive, "-o", "k.jsonl", stdin="4\n\n1\na\n\n" * 2)
    assert {entry.form for entry in read([tmp_path / "k.jsonl"])} <= {"bukan", "bilateral"}
    reply = call("train", "--labels", "k.jsonl", "-o", "model")
    assert (reply.code, reply.out) == (0, "")
    assert load(tmp_path / "model").label(TEXTS)


@pytest.mark.parametrize("name", ["b.jsonl", "b.csv", "b.jsonl.gz", "b.parquet"])
def test_labelled_rows(call, archive, tmp_path, name):
    """Rows as `label` writes them, in any format, are chosen as the same rows without labels are."""
    call("label", archive, "-o", name)
    labelled = call("review", name, "-o", "k.jsonl", stdin="\n" * 6)
    plain = call("review", archive, "-o", "satu.jsonl", stdin="\n" * 6)
    assert (labelled.code, plain.code) == (0, 0)
    found, expected = _rows(tmp_path / "k.jsonl"), _rows(tmp_path / "satu.jsonl")
    assert len(expected) > 3
    assert [{**row, "id": int(row["id"])} for row in found] == expected


def test_labels_of_the_archive_count(call, tmp_path):
    """The confidences that stand in the rows decide, not what the model says now."""
    sectors = dict.fromkeys(load().label([TEXTS[0]])[0].sector_confidence, 0.0)
    rows = [
        {"text": text, "form": "bukan", "form_confidence": sure, "sectors": [], "sector_confidence": sectors}
        for text, sure in zip(TEXTS, (0.99, 0.5, 0.99, 0.2, 0.99, 0.8), strict=True)
    ]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    call("review", "b.jsonl", "-o", "k.jsonl", "--most", "3", stdin="\n" * 3)
    assert [row["text"] for row in _rows(tmp_path / "k.jsonl")] == [TEXTS[3], TEXTS[1], TEXTS[5]]


def test_labels_of_a_person(call, tmp_path):
    """A label that a person gave and the model contradicts comes first; the screen says so, and it is marked."""
    rows = [
        {"text": TEXTS[0], "form": "bilateral", "sectors": ["ekonomi"]},
        {"text": TEXTS[1], "form": "multilateral", "sectors": ["hukum"]},
    ]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    reply = call("review", "b.jsonl", "-o", "k.jsonl", stdin="\n")
    assert "why: labelled multilateral by hand, the model says bukan (" in reply.err
    (row,) = _rows(tmp_path / "k.jsonl")
    assert (row["form"], row["sectors"]) == ("multilateral", ["hukum"])
    assert row["suggested"]["before"] == {"form": "multilateral", "sectors": ["hukum"]}


def test_other_columns(call, tmp_path):
    """A table's headline and text are shown and kept as one text, beside the row's own cells."""
    table = io.StringIO(newline="")
    csv.writer(table).writerows([["no", "judul", "isi"], ["7", "Kabar Dagang", TEXTS[0]]])
    (tmp_path / "a.csv").write_text(table.getvalue(), encoding="utf-8")
    reply = call("review", "a.csv", "-o", "k.jsonl", stdin="\n")
    assert f"Kabar Dagang\n{TEXTS[0]}" in reply.err
    (row,) = _rows(tmp_path / "k.jsonl")
    assert (row["text"], row["no"], row["isi"]) == (f"Kabar Dagang\n{TEXTS[0]}", "7", TEXTS[0])
    assert [entry.text for entry in read([tmp_path / "k.jsonl"])] == [row["text"]]


def test_rows_without_a_text_and_repeated_ones(call, tmp_path):
    """Rows that hold no text aren't shown; a text that comes twice is shown once."""
    lines = ["7", "{}", '{"text": " "}', *[json.dumps({"text": text}) for text in (TEXTS[0], TEXTS[0].upper())]]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    reply = call("review", "a.jsonl", "-o", "k.jsonl", stdin="\n" * 3)
    assert "row 1 of 1;" in reply.err
    assert len(_rows(tmp_path / "k.jsonl")) == 1


def test_terminal_codes_in_a_text(call, tmp_path):
    """A text can't reach the terminal's controls."""
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": f"\x1b[2J\x9b31m{TEXTS[0]}\u202e"}), encoding="utf-8")
    reply = call("review", "a.jsonl", "-o", "k.jsonl", stdin="?\n\n\n")
    assert reply.code == 0
    assert [char for char in reply.err if not char.isprintable() and char != "\n"] == []


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("arsip.jsonl", "-o", "k.csv"), 2, "found the output k.csv, expected a name that ends in .jsonl"),
        (("-", "-o", "k.jsonl"), 2, "standard input gives the keys"),
        (("arsip.jsonl", "-o", "k.jsonl", "--most", "0"), 2, "--most"),
        (("tidak-ada.jsonl", "-o", "k.jsonl"), 3, "tidak-ada.jsonl"),
        (("arsip.jsonl", "-o", "k.jsonl", "--model", "tidak-ada"), 5, "tidak-ada"),
        (("arsip.jsonl", "-o", "arsip.jsonl"), 6, "arsip.jsonl exists, but its line 1 is no correction"),
    ],
    ids=["table", "standard input", "no rows", "no input", "no model", "the input"],
)
def test_errors(call, archive, args, code, says):
    """Each failure has its exit code and one line; the input stays, and no file is left behind."""
    before = archive.read_bytes()
    assert says in error_line(call("review", *args), code)
    assert [path.name for path in archive.parent.iterdir()] == ["arsip.jsonl"]
    assert archive.read_bytes() == before


# On a terminal


def _own_terminal():
    """Make standard input the terminal whose Ctrl-C counts, also where the tests themselves ignore theirs."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A `kerjasama review` on a terminal of its own."""

    def __init__(self, folder, *args, lines=24, columns=80, env=None):
        self._keyboard, side = pty.openpty()
        self.resize(lines, columns)
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "KERJASAMA", "NO_COLOR"))
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kerjasama_nlp", "review", *map(str, args)],
            stdin=side,
            stdout=subprocess.DEVNULL,
            stderr=side,
            cwd=folder,
            env=environment | {"LC_ALL": "C", "TERM": "xterm"} | (env or {}),
            start_new_session=True,
            preexec_fn=_own_terminal,  # noqa: PLW1509  # nothing else runs in the tests
        )
        self._side = side
        self.seen = ""

    def resize(self, lines, columns):
        """Change the size of the window."""
        fcntl.ioctl(self._keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys):
        """Press keys, all at once."""
        os.write(self._keyboard, keys.encode())

    def wait(self, text, seconds=30.0):
        """Read what is drawn until a text appears, and return the last window that was drawn whole."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            left = end - time.monotonic()
            assert left > 0, f"{text!r} isn't in {self.seen!r}"
            if select.select([self._keyboard], [], [], left)[0]:
                self.seen += os.read(self._keyboard, 65536).decode("utf-8", "replace")
        window = self.seen
        self.seen = self.seen[self.seen.rindex(text) + len(text) :]
        return window.rsplit("\x1b[H\x1b[J", 1)[-1]

    def rest(self):
        """Return what is drawn that wasn't waited for."""
        while select.select([self._keyboard], [], [], 0)[0]:
            self.seen += os.read(self._keyboard, 65536).decode("utf-8", "replace")
        return self.seen

    def end(self):
        """Wait for the end; return the exit code and whether the terminal is as it was."""
        code = self.process.wait(timeout=30)
        flags = termios.tcgetattr(self._side)[3]
        return code, bool(flags & termios.ECHO and flags & termios.ICANON)

    def kill(self):
        """Kill the command, if it still runs, and close the terminal."""
        self.process.kill()
        self.process.wait()
        os.close(self._keyboard)
        os.close(self._side)


@pytest.fixture
def open_terminal(tmp_path, archive):
    """Return a function that opens a terminal on the archive; what still runs after the test is killed."""
    opened = []

    def run(*args, **options):
        terminal = Terminal(tmp_path, *(args or (archive, "-o", "k.jsonl")), **options)
        opened.append(terminal)
        return terminal

    yield run
    for terminal in opened:
        terminal.kill()


def test_session_on_a_terminal(open_terminal, tmp_path):
    """Single keys decide rows; each is on the disk before the next is drawn, and the terminal is given back."""
    terminal = open_terminal()
    terminal.wait("row 1 of 6; 0 labelled, 0 skipped")
    terminal.press("4\r")
    terminal.wait("row 2 of 6; 1 labelled, 0 skipped")
    assert len(_rows(tmp_path / "k.jsonl")) == 1
    terminal.press("s")
    terminal.wait("row 3 of 6; 1 labelled, 1 skipped")
    terminal.press("uu")
    terminal.wait("row 1 of 6; 0 labelled, 0 skipped")
    terminal.press("\x1a\x1b[A\x1bOPé4\x1b[3~\r")  # only 4 and Enter mean something; Ctrl-Z and Delete don't
    terminal.wait("row 2 of 6; 1 labelled, 0 skipped")
    terminal.press("q")
    terminal.wait("k.jsonl: 1 corrections, 0 rows skipped, 5 left")
    assert terminal.end() == (0, True)
    assert [row["form"] for row in _rows(tmp_path / "k.jsonl")] == ["bukan"]


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_ending_by_control_keys(open_terminal, tmp_path, key):
    """Ctrl-C and Ctrl-D quit without loss; the interrupt has its exit code."""
    terminal = open_terminal()
    terminal.wait("row 1 of 6")
    terminal.press("4\r")
    terminal.wait("row 2 of 6")
    terminal.press(key)
    terminal.wait("k.jsonl: 1 corrections")
    assert terminal.end() == (130 if key == "\x03" else 0, True)
    assert len(_rows(tmp_path / "k.jsonl")) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_asked_to_end(open_terminal, tmp_path, number):
    """A polite request to end, or a closed window, loses nothing."""
    terminal = open_terminal()
    terminal.wait("row 1 of 6")
    terminal.press("4\r")
    terminal.wait("row 2 of 6")
    terminal.process.send_signal(number)
    terminal.process.wait(timeout=30)
    assert len(_rows(tmp_path / "k.jsonl")) == 1


def test_window_changes_its_size(open_terminal):
    """A window of another size is drawn anew, in its lines and columns."""
    terminal = open_terminal()
    terminal.wait("row 1 of 6")
    for lines, columns in ((12, 40), (50, 132), (3, 5)):
        terminal.resize(lines, columns)
        terminal.wait("\x1b[H\x1b[J")
        time.sleep(0.1)
        terminal.press("?")
        window = CODES.sub("", terminal.wait("any other key")).replace("\r", "").split("\n")
        assert len(window) <= max(lines, 8)
        assert max(map(len, window)) <= max(columns, 20)
        terminal.press("?")
        terminal.wait("\x1b[H\x1b[J")


@pytest.mark.parametrize("colour", [True, False])
def test_no_colour(open_terminal, colour):
    """Bold and reversed text is drawn, but not where NO_COLOR is set."""
    terminal = open_terminal(env={} if colour else {"NO_COLOR": "1"})
    terminal.press("é")
    drawn = terminal.wait("no such key") + terminal.seen
    assert ("\x1b[1m" in drawn) == colour
    assert colour or CODES.findall(drawn) == []


def test_dumb_terminal(open_terminal):
    """A terminal that can't be drawn on gets lines, after each key."""
    terminal = open_terminal(env={"TERM": "dumb"})
    terminal.wait("row 1 of 6")
    terminal.press("2b")
    terminal.wait("regional, ")
    terminal.press("q")
    terminal.wait("6 left")
    assert terminal.end() == (0, True)


def test_killed_at_any_moment(open_terminal, archive, call, tmp_path):
    """Killed while keys are typed, it has kept every decision behind which a row was shown, and goes on."""
    archive.write_text("".join(json.dumps({"text": f"{TEXTS[n % 6]} {n}"}) + "\n" for n in range(60)), "utf-8")
    rng = random.Random(0)  # noqa: S311  # moments, no secrets
    for _ in range(5):
        terminal = open_terminal()
        terminal.wait("row ")
        terminal.press("4\r" * 30)
        time.sleep(rng.random() * 0.05)
        terminal.process.kill()
        terminal.process.wait()
        shown = [int(number) for number in re.findall(r"(\d+) of 60;", terminal.rest())]
        assert (tmp_path / "k.jsonl").read_bytes().count(b"\n") >= max(shown) - 1
    reply = call("review", archive, "-o", "k.jsonl", stdin=DECIDED * 60)
    rows = _rows(tmp_path / "k.jsonl")
    assert (reply.code, len(rows), len({row["text"] for row in rows})) == (0, 60, 60)
