"""The model folder: what is saved is what is loaded, and damage is told instead of crashing or running code."""

import hashlib
import io
import json
import random
import shutil
import zipfile

import numpy as np
import pytest
from conftest import cases, error_line, seal
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp import arrays, load, model, model_files, training
from kerjasama_nlp.answers.evidence import Features
from kerjasama_nlp.answers.ranking import MAX_WEIGHT, Ranker
from kerjasama_nlp.errors import ModelError, OutputExistsError

QUESTIONS = (
    "apa itu Serikat Kopi Selatan",
    "kapan Serikat Kopi Selatan didirikan",
    "apa tujuan Serikat Kopi Selatan",
    "mengapa Pakta Danau Biru ditandatangani",
    "di mana markas Forum Angin",
    "apa perbedaan Pakta Danau Biru dan Forum Angin",
    "berapa harga emas",
    "",
)
FILES = sorted(
    {"manifest.json", "MODEL_CARD.md", "answering.json", *(f"{name}.npy" for name in model_files.INDEX_ARRAYS)}
)


def _contents(folder):
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def _npy(header):
    text = header.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


class _Runs:
    """An object whose unpickling writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (exec, (f"open({str(self.path)!r}, 'w').close()",))


def _header(case):
    header = case["header"]
    descr = header["descr"] if isinstance(header["descr"], str) else [tuple(field) for field in header["descr"]]
    shape = f"({', '.join(map(str, header['shape']))},)"
    return f"{{'descr': {descr!r}, 'fortran_order': {header['fortran_order']}, 'shape': {shape}, }}"


def _archived(data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("terms.npy", data)
    return buffer.getvalue()


def _with_bias(data, digits):
    text = json.dumps(json.loads(data) | {"bias": 0})
    return text.replace('"bias": 0', '"bias": ' + "9" * digits).encode()


# What a case may put in place of a file, byte for byte: (case, the file's bytes) -> bytes.
REPLACEMENTS = {
    "hex": lambda case, _: bytes.fromhex(case["hex"]),
    "text": lambda case, _: (case["text"] * case.get("times", 1)).encode(),
    "header": lambda case, _: _npy(_header(case)),
    "raw_header": lambda case, _: _npy(case["raw_header"]),
    "digits": lambda case, data: _with_bias(data, case["digits"]),
    "set": lambda case, data: json.dumps(json.loads(data) | case["set"]).encode(),
    "archive": lambda _, data: _archived(data),
    "pad": lambda case, data: data + b" " * case["pad"],
    "swap": lambda case, data: data.replace(*(text.encode() for text in case["swap"])),
    "tail": lambda case, data: data + bytes.fromhex(case["tail"]),
}
# What a case may do to an array: (case, array) -> array.
CHANGES = {
    "cast": lambda case, array: array.astype(case["cast"]),
    "shape": lambda case, array: array.reshape(case["shape"]),
    "values": lambda case, array: np.array(case["values"], dtype=array.dtype),
    "add": lambda case, array: array + np.array(case["add"], dtype=array.dtype),
    "drop": lambda case, array: array[: -case["drop"]],
    "fill": lambda case, array: np.full_like(array, np.float64(case["fill"]).astype(array.dtype)),
    "first": lambda case, array: np.concatenate((np.array([case["first"]], dtype=array.dtype), array[1:])),
    "reverse": lambda _, array: array[::-1],
    # each step is small enough for its difference to fit, and all of them together go once around
    "wrap": lambda _, array: np.array([0, 2**62, -(2**63), -(2**62), 0, array[-1]], dtype=array.dtype),
}


def _damage(case, folder):
    file = folder / case["file"]
    (how,) = set(case) & {"objects", *REPLACEMENTS, *CHANGES}
    before = file.read_bytes()
    if how == "objects":
        np.save(file, np.array([_Runs(folder / "dijalankan")], dtype=object), allow_pickle=True)
    elif how in REPLACEMENTS:
        file.write_bytes(REPLACEMENTS[how](case, before))
    else:
        np.save(file, CHANGES[how](case, np.load(file)))
    assert file.read_bytes() != before
    seal(folder, recount=case["file"].startswith("passages") and "sums" not in case["file"])


def test_saved_model_answers_like_the_one_in_memory(small_articles, shipped_ranker, tmp_path):
    """Answers, confidences, sources and scores are exactly the same before saving and after loading."""
    built, about = training.index_articles([small_articles])
    in_memory = model.Model(built, shipped_ranker, training=about)
    model.save(in_memory, tmp_path / "model")
    loaded = load(tmp_path / "model")
    for question in QUESTIONS:
        assert loaded.ask(question, top_k=9) == in_memory.ask(question, top_k=9)
    assert any(loaded.ask(question).answer for question in QUESTIONS)
    assert any(loaded.ask(question).answer is None for question in QUESTIONS)


def test_mapped_model_answers_like_a_read_one(monkeypatch, small_model):
    """Arrays that are mapped from disk, as those of large models are, give the same answers."""
    read = load(small_model)
    monkeypatch.setattr(arrays, "MAPPED_BYTES", 1)
    mapped = load(small_model)
    assert [mapped.ask(question) for question in QUESTIONS] == [read.ask(question) for question in QUESTIONS]


def test_loading_and_asking_write_nothing(small_model):
    """A model folder is only read."""
    before = _contents(small_model)
    load(small_model).ask(QUESTIONS[0])
    assert _contents(small_model) == before


def test_saving_a_loaded_model_gives_the_same_arrays(small_model, tmp_path):
    """Loading loses nothing: saved again, every file but the manifest is the same."""
    model.save(load(small_model), tmp_path / "lagi")
    first, again = _contents(small_model), _contents(tmp_path / "lagi")
    first.pop("manifest.json")
    again.pop("manifest.json")
    assert first == again


def test_force_saves_over_models_only(small_model, small_articles):
    """Saving with force takes the place of a model, never that of a folder of something else."""
    before = _contents(small_articles)
    with pytest.raises(OutputExistsError, match="artikel"):
        model.save(load(small_model), small_articles, force=True)
    assert _contents(small_articles) == before


def test_manifest_lists_every_other_file(small_model):
    """The manifest holds size and SHA-256 of each file, and the folder holds nothing else."""
    manifest = json.loads((small_model / "manifest.json").read_text(encoding="utf-8"))
    files = {name: data for name, data in _contents(small_model).items() if name != "manifest.json"}
    assert manifest["files"] == {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
    }
    assert sorted([*files, "manifest.json"]) == FILES
    assert (manifest["format"], manifest["articles"]) == (3, 3)


@pytest.mark.parametrize("name", FILES)
def test_missing_file(call, small_model, name):
    """A model without one of its files isn't opened; the message names folder and file."""
    (small_model / name).unlink()
    error = error_line(call("ask", "--model", small_model, QUESTIONS[0]), 5)
    assert name in error
    assert str(small_model) in error


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kept", ["half", "all but one byte"])
def test_truncated_file(call, small_model, name, kept):
    """A model with a file that was cut off, as after an interrupted copy, isn't opened."""
    data = (small_model / name).read_bytes()
    # the manifest's very last byte is a line end, which it can spare
    (small_model / name).write_bytes(data.rstrip(b"\n")[:-1] if kept != "half" else data[: len(data) // 2])
    assert name in error_line(call("ask", "--model", small_model, QUESTIONS[0]), 5)


@pytest.mark.parametrize("name", [name for name in FILES if name != "manifest.json"])
@pytest.mark.parametrize("place", [0.5, -1], ids=["middle", "last"])
def test_one_flipped_bit(call, small_model, name, place):
    """One wrong bit anywhere is noticed before anything is answered."""
    data = bytearray((small_model / name).read_bytes())
    data[int(len(data) * place) if place > 0 else place] ^= 1
    (small_model / name).write_bytes(data)
    assert f"{name} is not the file that was saved" in error_line(call("ask", "--model", small_model, QUESTIONS[0]), 5)


@pytest.mark.parametrize("case", cases("model_damage.json"))
def test_damage_with_matching_hashes(call, small_model, case):
    """A file of the wrong form is told in one line even where its hash matches; no code of it runs."""
    _damage(case, small_model)
    error = error_line(call("ask", "--model", small_model, "--min-confidence", "0", QUESTIONS[0]), 5)
    assert "damaged" in error
    assert not (small_model / "dijalankan").exists()


def test_the_hostile_object_would_run_if_unpickled(small_model):
    """The pickle of the test above is live: reading it the unsafe way runs its code."""
    _damage({"file": "terms.npy", "objects": True}, small_model)
    np.load(small_model / "terms.npy", allow_pickle=True)
    assert (small_model / "dijalankan").exists()


def test_refused_pickle_is_not_recommended(call, small_model):
    """The message about a pickled array doesn't tell how to load it all the same."""
    _damage({"file": "terms.npy", "hex": "80049505000000000000004b012e"}, small_model)
    error = error_line(call("ask", "--model", small_model, QUESTIONS[0]), 5)
    assert "allow_pickle" not in error


@pytest.mark.parametrize("case", cases("manifests.json"))
def test_broken_manifest(call, small_model, case):
    """A manifest that isn't what `train` writes is told in one line, by `ask` and by `info`."""
    file = small_model / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    if "hex" in case:
        file.write_bytes(bytes.fromhex(case["hex"]))
    elif "text" in case:
        file.write_text(case["text"] * case.get("times", 1), encoding="utf-8")
    elif "pad" in case:
        file.write_bytes(file.read_bytes() + b" " * case["pad"])
    else:
        if "add_file" in case:
            manifest["files"][case["add_file"]] = {"size": 1, "sha256": "00"}
        if "entry" in case:
            manifest["files"] = dict.fromkeys(manifest["files"], case["entry"])
        manifest |= case.get("set", {})
        manifest["sha256"] = model_files.seal(manifest)
        file.write_text(json.dumps(manifest), encoding="utf-8")
    for args in (("ask", QUESTIONS[0]), ("info", "--verify")):
        assert case["says"] in error_line(call(*args, "--model", small_model), 5)


def _flips(data, first, last, count):
    """Yield copies of `data` with one bit flipped, at places spread over `data[first:last]`."""
    places = random.Random(last)  # noqa: S311  # the same places every time
    for _ in range(count):
        copy = bytearray(data)
        copy[places.randrange(first, last)] ^= 1 << places.randrange(8)
        yield bytes(copy)


def _survives(folder, name, data):
    """Open a model with other bytes in one file and ask it: True where it answers, False where it is refused."""
    (folder / name).write_bytes(data)
    try:
        opened = load(folder)
        for question in QUESTIONS[:3]:
            opened.ask(question, min_confidence=0)
    except ModelError:
        return False
    return True


@pytest.mark.parametrize(
    "name",
    [name for name in FILES if name != "manifest.json"],
)
def test_unhashed_damage_never_crashes(monkeypatch, small_model, name):
    """Large models are opened without their hashes: a wrong bit then changes an answer or is told, no more."""
    monkeypatch.setattr(model, "ALWAYS_VERIFIED_BYTES", -1)
    data = (small_model / name).read_bytes()
    first = 128 if name.endswith(".npy") and len(data) > 128 else 0  # behind the header, where there is anything
    outcomes = [_survives(small_model, name, flipped) for flipped in _flips(data, first, len(data), 30)]
    assert len(outcomes) == 30
    assert _survives(small_model, name, data)


def test_unhashed_damage_of_headers_never_crashes(monkeypatch, small_model):
    """A wrong bit in an array's header is told too."""
    monkeypatch.setattr(model, "ALWAYS_VERIFIED_BYTES", -1)
    for name in ("terms.npy", "posting_weights.npy", "word_stems.npy"):
        data = (small_model / name).read_bytes()
        refused = [not _survives(small_model, name, flipped) for flipped in _flips(data, 0, 64, 60)]
        assert any(refused)
        assert _survives(small_model, name, data)


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0"], ids=["cut", "longer"])
@pytest.mark.parametrize("name", ["passages.npy", "answering.json"])
def test_large_models_are_checked_by_size(monkeypatch, call, small_model, name, change):
    """A file of another size is told even where hashes aren't looked at."""
    monkeypatch.setattr(model, "ALWAYS_VERIFIED_BYTES", -1)
    (small_model / name).write_bytes(change((small_model / name).read_bytes()))
    error = error_line(call("ask", "--model", small_model, QUESTIONS[0]), 5)
    assert f"{name} is not the file that was saved" in error


def test_verify_finds_what_loading_a_large_model_skips(monkeypatch, call, small_model):
    """`info --verify` checks the hashes whatever the model's size."""
    monkeypatch.setattr(model, "ALWAYS_VERIFIED_BYTES", -1)
    data = bytearray((small_model / "posting_weights.npy").read_bytes())
    data[-3] ^= 1
    (small_model / "posting_weights.npy").write_bytes(data)
    assert load(small_model).ask(QUESTIONS[0]).sources
    assert "posting_weights.npy" in error_line(call("info", "--verify", "--model", small_model), 5)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("tidak-ada", "no such model folder; make one with: kerjasama train"),
        ("artikel", "found no manifest.json, expected a model folder"),
        ("artikel/pakta.txt", "damaged"),
        ("m" * 300, "damaged"),
    ],
    ids=["nothing", "a folder of articles", "a file", "an impossible name"],
)
@pytest.mark.parametrize("command", ["ask", "info"])
def test_what_is_no_model(call, small_articles, command, path, says):
    """A path without a model ends in exit code 5 and a line that says what was found."""
    assert small_articles.is_dir()
    args = [QUESTIONS[0]] if command == "ask" else []
    assert says in error_line(call(command, *args, "--model", path), 5)


def test_base_that_is_no_model(call, small_articles):
    """Training from a base that doesn't exist ends like asking it."""
    reply = call("train", "--articles", small_articles, "--base", "tidak-ada", "-o", "baru")
    assert "tidak-ada: no such model folder" in error_line(reply, 5)


def test_error_class_carries_the_exit_code(tmp_path):
    """In a program the same failure is a ModelError."""
    with pytest.raises(ModelError, match="no such model folder") as caught:
        load(tmp_path / "tidak-ada")
    assert caught.value.exit_code == 5


def test_info_shows_the_manifest(call, small_model):
    """`info` says what the model holds; `info --json` prints the manifest itself."""
    manifest = json.loads((small_model / "manifest.json").read_text(encoding="utf-8"))
    reply = call("info", "--model", small_model)
    assert (reply.code, reply.err) == (0, "")
    rows = dict(line.split(maxsplit=1) for line in reply.out.splitlines() if not line.startswith("made by"))
    assert (rows["articles"], rows["passages"]) == ("3", str(manifest["passages"]))
    assert rows["model"] == str(small_model)
    assert json.loads(call("info", "--json", "--model", small_model).out) == manifest


def test_info_without_a_path_shows_the_shipped_model(call):
    """Without --model the shipped model is meant."""
    reply = call("info", "--verify", "--json")
    assert reply.code == 0
    assert reply.err.count("\n") == 1
    assert json.loads(reply.out)["format"] == model_files.FORMAT


def test_info_verify_keeps_its_note_off_standard_output(call, small_model):
    """That all is well is said on standard error, so that --json stays JSON."""
    reply = call("info", "--verify", "--json", "--model", small_model)
    assert reply.err == "all files are as they were saved\n"
    assert json.loads(reply.out)["articles"] == 3


@pytest.mark.parametrize(
    "change",
    [
        {"package": None},
        {"package": "kerjasama"},
        {"versions": None},
        {"versions": ["3.11"]},
    ],
    ids=["no package", "package as text", "no versions", "versions in a list"],
)
def test_info_of_a_manifest_with_other_details(call, small_model, change):
    """Details that are no more than told are shown where they make sense."""
    seal(small_model, change)
    reply = call("info", "--model", small_model)
    assert reply.code == 0
    assert "articles  3" in reply.out


def test_info_shows_no_terminal_codes(call, small_model):
    """What a foreign manifest holds can't command the terminal."""
    seal(
        small_model,
        {"articles": "\x1b]0;judul\x07\x9b31m\u202e3", "package": {"name": "\x1b[2J", "version": "1"}},
    )
    reply = call("info", "--model", small_model)
    assert reply.code == 0
    assert set(reply.out).isdisjoint("\x1b\x07\x9b\u202e")


def test_a_model_copied_elsewhere_is_the_same(small_model, tmp_path):
    """A model folder may be moved and renamed."""
    shutil.copytree(small_model, tmp_path / "lain" / "nama lain é")
    moved, original = load(tmp_path / "lain" / "nama lain é"), load(small_model)
    assert [moved.ask(question) for question in QUESTIONS] == [original.ask(q) for q in QUESTIONS]


NAMES = tuple(Features.__dataclass_fields__)
WEIGHT = st.floats(-MAX_WEIGHT, MAX_WEIGHT)


@given(
    st.lists(WEIGHT, min_size=len(NAMES), max_size=len(NAMES)),
    st.lists(WEIGHT, min_size=len(NAMES), max_size=len(NAMES)),
    WEIGHT,
    st.floats(0, 1),
)
def test_ranker_survives_json(rank, confidence, bias, threshold):
    """Weights come back from JSON as the very same numbers."""
    ranker = Ranker(dict(zip(NAMES, rank, strict=True)), dict(zip(NAMES, confidence, strict=True)), bias, threshold)
    assert Ranker.from_json(json.loads(json.dumps(ranker.to_json()))) == ranker


@given(st.lists(st.floats(0, 1), min_size=len(NAMES), max_size=len(NAMES)), st.floats(-1e6, 1e6))
def test_confidence_is_a_probability(values, weight):
    """However extreme the weights, the confidence stays between 0 and 1 and grows with what speaks for a unit."""

    class _Unit:
        features = Features(*values)

    def confidence(bias):
        return Ranker(dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES, weight), bias, 0.5).probability(_Unit)

    assert 0 <= confidence(-1.0) <= confidence(1.0) <= 1
