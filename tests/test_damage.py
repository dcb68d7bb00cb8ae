"""A model whose bytes were changed is refused, or answers and labels as before; never more, never later.

Two kinds of change are told apart. Damage happens to files that nobody meant to change: the hashes tell. A stranger
writes hashes that fit: then the form of every value is all that stands between the file and a wrong step.
"""

import itertools
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from conftest import error_line, seal
from damage import IN_PLACE_OF_A_FILE, mutated

from kerjasama_nlp import arrays, load, model, model_files
from kerjasama_nlp.answers import gold
from kerjasama_nlp.errors import ModelError
from kerjasama_nlp.labels.classifier import Classifier
from kerjasama_nlp.terminal import render
from kerjasama_nlp.vocabulary import Vocabulary

QUESTIONS = ("apa tujuan Serikat Kopi Selatan", "kapan pakta danau ditandatangani", "berapa harga emas")
TEXTS = ("Indonesia dan Jepang menandatangani perjanjian dagang di Tokyo.", "Petani panen cabai.")
# Mutations of each file: damaged ones are refused at once, sealed ones are opened and used. DAMAGE_TIMES=100 in the
# environment makes a long run of it.
TIMES = int(os.environ.get("DAMAGE_TIMES", "1"))
DAMAGED = 120 * TIMES
SEALED = 30 * TIMES
# A mutated model that takes longer than this (a sound one takes 0.05 s) hangs.
HANG_SECONDS = 20
# The files by the half that reads them; the manifest belongs to both.
FILES = sorted({"manifest.json", *model_files.ANSWERING_FILES, *model_files.LABELLING_FILES})


def _small_classifier(shipped):
    """Return the shipped classifier with one feature in thirty."""
    whole = shipped.classifier
    chosen = np.arange(0, len(whole.vocabulary), 30)
    names = Vocabulary.from_terms(whole.vocabulary.word(int(number)) for number in chosen)
    return Classifier(whole.label_set, names, whole.idf[chosen], whole.weights[chosen], whole.bias, whole.settings)


@pytest.fixture(scope="module")
def sound(tmp_path_factory, shipped):
    """Return the folder of a small model with both halves."""
    from kerjasama_nlp import training

    articles = tmp_path_factory.mktemp("artikel")
    (articles / "a.md").write_text(
        "# Serikat Kopi Selatan\n\n## Tujuan Serikat Kopi Selatan\n\nTujuan Serikat Kopi Selatan ialah:\n\n"
        "1. menjaga harga kopi;\n2. melatih petani.\n\n# Pakta Danau Biru\n\n"
        "Pakta Danau Biru ditandatangani pada 3 Mei 1971 oleh dua negara.\n",
        encoding="utf-8",
    )
    known = [
        ("apa gunanya perkumpulan kopi", "Tujuan Serikat Kopi Selatan ialah:"),
        ("siapa yang diajari bertani", "melatih petani."),
        ("kapan pakta danau lahir", "Pakta Danau Biru ditandatangani pada 3 Mei 1971 oleh dua negara."),
    ]
    questions = tmp_path_factory.mktemp("tanya") / "q.jsonl"
    rows = [{"question": text, "article": "a", "passage": passage} for text, passage in known]
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    index, about = training.index_articles([articles], known=gold.read([questions]).known)
    folder = tmp_path_factory.mktemp("utuh") / "model"
    model.save(model.Model(index, shipped.ranker, _small_classifier(shipped), about), folder)
    return folder


@pytest.fixture
def folder(sound, tmp_path):
    """Return a copy of the model that a test may break."""
    return shutil.copytree(sound, tmp_path / "model")


def _replies(folder):
    """Open a model, use both halves, and return what it said: what it holds, answers and labels."""
    opened = load(folder)
    answers = [opened.ask(question, min_confidence=0) for question in QUESTIONS]
    labels = opened.label(TEXTS)
    for answer in answers:
        json.loads(render.answer_json(answer), parse_constant=pytest.fail)
        assert 0 <= answer.confidence <= 1
    for given in labels:
        assert all(0 <= share <= 1 for share in (given.form_confidence, *given.sector_confidence.values()))
    return opened.manifest, answers, labels


@pytest.fixture
def _not_for_ever():
    """Fail where a test waits for something that never comes."""

    def stop(*_):
        pytest.fail(f"nothing came within {HANG_SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


# Files that have room for hardly another value.
STRICT = (".json", "_offsets.npy", "_sums.npy", "asked_starts.npy", "asked_passages.npy", "translation_starts.npy")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.usefixtures("_not_for_ever")
def test_damage_is_refused_or_changes_nothing(sound, folder, name):
    """Whatever happens to a file, the model is refused as damaged or answers and labels as the sound one does."""
    expected = _replies(sound)
    data = (folder / name).read_bytes()
    chance = random.Random(name)  # noqa: S311  # the same changes every time
    refused = 0
    for _ in range(DAMAGED):
        (folder / name).write_bytes(mutated(data, chance))
        signal.alarm(HANG_SECONDS)
        try:
            assert _replies(folder) == expected
        except ModelError:
            refused += 1
    assert refused > DAMAGED // 2
    (folder / name).write_bytes(data)
    assert _replies(folder) == expected


@pytest.mark.parametrize("name", [name for name in FILES if name != "manifest.json"])
@pytest.mark.usefixtures("_not_for_ever")
def test_a_sealed_change_is_refused_or_serves_sound_values(sound, folder, name):
    """With hashes that fit, too, a model is refused or gives probabilities and valid JSON, without a warning."""
    data = (folder / name).read_bytes()
    chance = random.Random(f"{name}, sealed")  # noqa: S311
    refused = 0
    for _ in range(SEALED):
        (folder / name).write_bytes(mutated(data, chance))
        seal(folder, recount=name == "passages.npy")
        signal.alarm(HANG_SECONDS)
        try:
            _replies(folder)
        except ModelError:
            refused += 1
    assert refused < SEALED or name.endswith(STRICT)
    (folder / name).write_bytes(data)
    seal(folder, recount=name == "passages.npy")
    assert _replies(folder)[1:] == _replies(sound)[1:]


@pytest.mark.parametrize("what", IN_PLACE_OF_A_FILE)
@pytest.mark.parametrize("name", FILES)
@pytest.mark.usefixtures("_not_for_ever")
def test_what_is_no_plain_file_is_never_opened(folder, name, what):
    """A pipe doesn't make the command wait, a link isn't followed: both are damage, even where the sizes fit."""
    (folder / name).unlink()
    IN_PLACE_OF_A_FILE[what](folder / name)
    manifest = folder / "manifest.json"
    if name != "manifest.json" and what != "nothing":
        sizes = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        sizes[name]["size"] = (folder / name).lstat().st_size if what == "an empty file" else 0
        told = json.loads(manifest.read_text(encoding="utf-8")) | {"files": sizes}
        manifest.write_text(json.dumps(told | {"sha256": model_files.seal(told)}), encoding="utf-8")
    signal.alarm(HANG_SECONDS)
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        _replies(folder)


@pytest.mark.parametrize("name", ["posting_weights.npy", "manifest.json"])
def test_a_link_to_a_sound_file_is_refused(folder, tmp_path, name):
    """A file outside of the folder isn't read, even if it is the very one that was saved."""
    shutil.move(folder / name, tmp_path / "di luar")
    (folder / name).symlink_to(tmp_path / "di luar")
    with pytest.raises(ModelError, match="no plain file"):
        load(folder)


def test_a_link_to_the_folder_is_followed(sound, tmp_path):
    """The folder itself may be a link: its user named it."""
    (tmp_path / "tautan").symlink_to(sound)
    assert _replies(tmp_path / "tautan") == _replies(sound)


def test_exchanged_files_are_refused(sound, folder):
    """Two files that stand in each other's place are damage, whichever they are."""
    expected = _replies(sound)
    for first, second in itertools.pairwise(FILES):
        contents = (folder / first).read_bytes(), (folder / second).read_bytes()
        (folder / first).write_bytes(contents[1])
        (folder / second).write_bytes(contents[0])
        with pytest.raises(ModelError):
            _replies(folder)
        (folder / first).write_bytes(contents[0])
        (folder / second).write_bytes(contents[1])
    assert _replies(folder) == expected


def _run(*args):
    return subprocess.run(
        [sys.executable, "-m", "kerjasama_nlp", *args], capture_output=True, timeout=3 * HANG_SECONDS, check=False
    )


@pytest.fixture(scope="module")
def by_hand(sound):
    """Return how the real command uses each half of the sound model: the call, and what it ended with."""
    calls = (("ask", QUESTIONS[0]), ("label", "--text", TEXTS[0]))
    return [(args, _run(*args, "--model", sound)) for args in calls]


@pytest.mark.parametrize("name", FILES)
def test_the_real_command_says_so_in_one_line(by_hand, folder, name):
    """`ask` and `label` end in exit code 5 and one line, or as with the sound model."""
    args, expected = by_hand[name in model_files.LABELLING_FILES]
    chance = random.Random(f"{name}, by hand")  # noqa: S311
    (folder / name).write_bytes(mutated((folder / name).read_bytes(), chance))
    ended = _run(*args, "--model", folder)
    if ended.returncode == 5:
        assert ended.stdout == b""
        assert ended.stderr.count(b"\n") == 1
        assert b"Traceback" not in ended.stderr
    else:
        assert (ended.returncode, ended.stdout) == (expected.returncode, expected.stdout)


# Values that a stranger's arrays may hold, below the names of the arrays: all are numbers of the right type.
EXTREMES = [
    ("posting_weights", 3e38),
    ("posting_weights", -1.0),
    ("feature_idf", 3e38),
    ("feature_idf", 0.0),
    ("label_weights", -3e38),
    ("label_bias", 3e38),
    ("label_bias", math.inf),
    ("label_weights", math.nan),
]


@pytest.mark.parametrize(("name", "value"), EXTREMES)
def test_numbers_beyond_all_reason_are_refused(folder, name, value):
    """A weight that would leave the range of numbers in a sum is refused when the model is opened."""
    values = np.load(folder / f"{name}.npy")
    values[len(values) // 2] = value
    np.save(folder / f"{name}.npy", values)
    seal(folder)
    with pytest.raises(ModelError, match=name):
        _replies(folder)


@pytest.mark.parametrize(("name", "value"), [("posting_weights", 3e38), ("posting_passages", -1)])
def test_postings_of_large_models_are_refused_when_looked_up(monkeypatch, call, folder, name, value):
    """What isn't read when a large model is opened is refused when a question needs it, and by `info --verify`."""
    values = np.load(folder / f"{name}.npy")
    values[:] = value
    np.save(folder / f"{name}.npy", values)
    seal(folder)
    monkeypatch.setattr(arrays, "MAPPED_BYTES", 1)
    monkeypatch.setattr(model, "MAPPED_BYTES", 1)
    opened = load(folder)
    with pytest.raises(ModelError, match="postings of term"):
        opened.ask(QUESTIONS[0])
    assert name in error_line(call("info", "--verify", "--model", folder), 5)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("labelling.json", {"temperature": 1e-300}),
        ("labelling.json", {"temperature": -1}),
        ("labelling.json", {"sector_threshold": 2}),
        ("labelling.json", {"review_below": -0.5}),
        ("labelling.json", {"slopes": [1e300] * 10}),
        ("answering.json", {"threshold": 1.5}),
        ("answering.json", {"bias": 1e300}),
        ("answering.json", {"lain": 1}),
    ],
)
def test_settings_beyond_all_reason_are_refused(folder, name, changes):
    """A setting outside its range is refused when the model is opened."""
    settings = json.loads((folder / name).read_text(encoding="utf-8"))
    (folder / name).write_text(json.dumps(settings | changes), encoding="utf-8")
    seal(folder)
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        _replies(folder)


@pytest.mark.parametrize("name", ["manifest.json", "answering.json", "labelling.json"])
def test_names_that_stand_twice_are_refused(folder, name):
    """Of two values with one name readers differ on which counts, so neither does."""
    text = (folder / name).read_text(encoding="utf-8")
    first = next(iter(json.loads(text)))
    (folder / name).write_text(f'{{"{first}": 0, {text.lstrip()[1:]}', encoding="utf-8")
    if name != "manifest.json":
        seal(folder)
    with pytest.raises(ModelError, match="a name stands twice"):
        _replies(folder)


@pytest.mark.parametrize("name", ["passages.npy", "passages_sums.npy"])
def test_no_text_is_given_but_what_was_saved(monkeypatch, folder, name):
    """Of a model too large for its hashes to be looked at, too: one wrong letter in a passage is told."""
    monkeypatch.setattr(model, "ALWAYS_VERIFIED_BYTES", -1)
    data = bytearray((folder / name).read_bytes())
    place = data.index(b"1971") if name == "passages.npy" else -1
    data[place] ^= 1
    (folder / name).write_bytes(data)
    opened = load(folder)
    with pytest.raises(ModelError, match="passage"):
        opened.ask("kapan Pakta Danau Biru ditandatangani", min_confidence=0)


def test_verify_reads_every_passage(folder, call):
    """`info --verify` finds a passage that `load` would only find when it is asked for."""
    data = (folder / "passages.npy").read_bytes()
    (folder / "passages.npy").write_bytes(data.replace(b'"prose"', b'"prosa"'))
    seal(folder, recount=True)
    load(folder)
    assert "passage" in error_line(call("info", "--verify", "--model", folder), 5)


@pytest.mark.parametrize("name", ["terms", "words"])
def test_verify_checks_the_order_of_words(folder, call, name):
    """Words that aren't sorted aren't found: `info --verify` tells."""
    blob, offsets = np.load(folder / f"{name}.npy"), np.load(folder / f"{name}_offsets.npy")
    blob[: offsets[1]] = ord("z")
    np.save(folder / f"{name}.npy", blob)
    seal(folder)
    load(folder)
    assert name in error_line(call("info", "--verify", "--model", folder), 5)


def test_verify_checks_the_order_of_postings(folder, call):
    """A passage that stands twice below a term would count twice: `info --verify` tells."""
    starts, ids = np.load(folder / "posting_starts.npy"), np.load(folder / "posting_passages.npy")
    term = int(np.flatnonzero(np.diff(starts) > 1)[0])
    ids[starts[term] + 1] = ids[starts[term]]
    np.save(folder / "posting_passages.npy", ids)
    seal(folder)
    load(folder)
    assert "posting_passages" in error_line(call("info", "--verify", "--model", folder), 5)


def test_memory_follows_the_files_not_what_they_claim(folder):
    """A file of a gigabyte without content costs no gigabyte: arrays are mapped, and checked piece by piece."""
    tracemalloc = pytest.importorskip("tracemalloc")
    length = 1 << 30
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({length},), }}".ljust(117) + "\n"
    head = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
    with (folder / "terms.npy").open("wb") as stream:
        stream.write(head)
        stream.truncate(len(head) + length)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["terms.npy"]["size"] = len(head) + length
    manifest["sha256"] = model_files.seal(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match="terms"):
            load(folder)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()
