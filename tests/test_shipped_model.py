"""The shipped model: what its one command makes, and as good as the README says."""

import json
import platform
import shutil
from importlib.metadata import version

import numpy as np
import pytest
from conftest import PROJECT, seal

from kerjasama_nlp import load, model, model_card, resources
from kerjasama_nlp.answers.gold import read_questions
from kerjasama_nlp.errors import ModelError, OutputError
from kerjasama_nlp.evaluation import label_scores, score_questions
from kerjasama_nlp.labels import labelled as labels
from kerjasama_nlp.model import save
from kerjasama_nlp.model_files import MANIFEST, MODEL_CARD

CORPUS = PROJECT / "corpus"
# Floors below what is measured (README), so that a real loss fails and a rounding difference doesn't.
FLOORS = {"answer_accuracy": 0.81, "refusal_recall": 0.79}
# Weights fitted on another machine differ in the last digits.
TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def retrained(tmp_path_factory):
    """Make the shipped model anew with the command that the README names."""
    import subprocess
    import sys

    folder = tmp_path_factory.mktemp("model") / "default"
    command = (PROJECT / "models" / "README.md").read_text(encoding="utf-8").split("```")[1].split("\n", 1)[1]
    arguments = command.replace("\\\n", " ").split()[1:]
    arguments[arguments.index("-o") + 1] = str(folder)
    arguments = [argument for argument in arguments if argument != "--force"]
    subprocess.run([sys.executable, "-m", "kerjasama_nlp", *arguments], check=True, cwd=PROJECT)
    return folder


def test_committed_model_is_what_the_command_makes(retrained):
    """Retraining gives the committed files: integers and text exactly, fitted numbers to the last digits."""
    committed = PROJECT / "models" / "default"
    manifest = json.loads((committed / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["files"]) > 10
    for name in manifest["files"]:
        old, new = committed / name, retrained / name
        if name.endswith(".md"):  # the manifest's figures in words
            continue
        if name.endswith(".json"):
            _assert_close(json.loads(old.read_text()), json.loads(new.read_text()), name)
        else:
            before, after = np.load(old), np.load(new)
            assert before.dtype == after.dtype
            if before.dtype.kind == "f":
                np.testing.assert_allclose(after, before, rtol=TOLERANCE, err_msg=name)
            else:
                np.testing.assert_array_equal(after, before, err_msg=name)


def test_model_card_says_what_the_manifest_does():
    """The card beside the model is the one that its manifest gives."""
    committed = PROJECT / "models" / "default"
    manifest = json.loads((committed / "manifest.json").read_text(encoding="utf-8"))
    assert (committed / "MODEL_CARD.md").read_text(encoding="utf-8") == model_card.render(manifest)


def _assert_close(old, new, where):
    assert type(old) is type(new), where
    if isinstance(old, dict):
        assert old.keys() == new.keys(), where
        for key in old:
            _assert_close(old[key], new[key], f"{where}:{key}")
    elif isinstance(old, list):
        assert len(old) == len(new), where
        for index, pair in enumerate(zip(old, new, strict=True)):
            _assert_close(*pair, f"{where}[{index}]")
    elif isinstance(old, float):
        assert new == pytest.approx(old, rel=TOLERANCE, abs=TOLERANCE), where
    else:
        assert old == new, where


def test_held_out_questions_stay_answered(shipped):
    """On questions that nothing was fitted on, answers and refusals stay above their floors."""
    scores = score_questions(shipped, read_questions([CORPUS / "questions" / "held_out.jsonl"]))
    assert (scores.answerable, scores.unanswerable) == (310, 104)
    assert {name: getattr(scores, name) for name, floor in FLOORS.items() if getattr(scores, name) < floor} == {}


def test_held_out_news_stays_labelled(shipped):
    """On snippets of other authors that nothing was fitted on, labels stay above their floors."""
    gold = labels.read([CORPUS / "labels" / "held_out.jsonl"])
    scores = label_scores(gold, shipped.label(entry.text for entry in gold), shipped.classifier.label_set)
    assert scores["n"] == 474
    floors = {"form_macro_f1": 0.8, "cooperation_f1": 0.81, "sector_micro_f1": 0.8}
    assert {name: scores[name] for name, floor in floors.items() if scores[name] < floor} == {}
    assert scores["calibration_error"] < 0.08


def test_held_out_news_is_not_in_the_training_corpus():
    """No snippet stands in both parts."""
    train, held_out = (
        {entry.text.casefold() for entry in labels.read([CORPUS / "labels" / f"{part}.jsonl"])}
        for part in ("snippets", "held_out")
    )
    assert train.isdisjoint(held_out)


def test_questions_of_both_parts_differ():
    """No question stands in both parts."""
    train, held_out = (
        {question.text.lower() for question in read_questions([CORPUS / "questions" / f"{part}.jsonl"])}
        for part in ("train", "held_out")
    )
    assert train.isdisjoint(held_out)


def test_gold_strings_stand_in_the_corpus():
    """Every answerable question can be answered: its strings stand in the corpus."""
    corpus = " ".join(
        " ".join(path.read_text(encoding="utf-8").lower().split())
        for path in sorted((CORPUS / "articles").glob("*.md"))
    )
    gold = read_questions([CORPUS / "questions" / "train.jsonl", CORPUS / "questions" / "held_out.jsonl"])
    lost = [
        (question.text, alternatives)
        for question in gold
        for alternatives in question.must_contain
        if not any(" ".join(text.lower().split()) in corpus for text in alternatives)
    ]
    assert lost == []


@pytest.mark.parametrize(
    ("question", "needed"),
    [
        ("apa tujuan kerja sama internasional", "damai"),
        ("Kapan ASEAN didirikan?", "8 Agustus 1967"),
        ("di mana OPEC didirikan", "Bagdad"),
        ("apa kepanjangan WTO", "World Trade Organization"),
        ("Berapa jumlah negara anggota PBB?", "193"),
    ],
)
def test_everyday_questions(shipped, question, needed):
    """Questions that everybody asks first are answered."""
    assert needed in (shipped.ask(question).answer or "")


@pytest.mark.parametrize(
    "question",
    [
        "bagaimana cara membuat rendang",
        "siapa pemain sepak bola terbaik",
        "xkq wrtz plmn",
        "besok hujan nggak ya",
    ],
)
def test_far_off_questions_are_refused(shipped, question):
    """What the corpus can't know is refused."""
    assert shipped.ask(question).answer is None


def test_saving_the_opened_model_gives_the_same_folder(shipped, tmp_path):
    """Both halves come through opening and saving: every file byte for byte, and a manifest that says the same."""
    folder = tmp_path / "salinan"
    save(shipped, folder)
    committed = resources.default_model()
    names = {path.name for path in committed.iterdir()}
    assert {path.name for path in folder.iterdir()} == names
    written = {MANIFEST, MODEL_CARD}  # these name the versions that saved
    assert {name for name in names if (folder / name).read_bytes() != (committed / name).read_bytes()} <= written
    cards = ((path / MODEL_CARD).read_text(encoding="utf-8").splitlines() for path in (folder, committed))
    assert [old for new, old in zip(*cards, strict=True) if new != old and "made by kerjasama-nlp" not in old] == []
    saved, before = (json.loads((path / MANIFEST).read_text(encoding="utf-8")) for path in (folder, committed))
    assert {name: saved["files"][name] for name in names - written} == {
        name: before["files"][name] for name in names - written
    }
    assert saved["package"] == {"name": "kerjasama-nlp", "version": version("kerjasama-nlp")}
    assert saved["versions"] == {"python": platform.python_version(), "numpy": np.__version__}
    assert {name: saved[name] for name in ("format", "passages", "terms")} == {
        name: before[name] for name in ("format", "passages", "terms")
    }
    text = "Indonesia dan Jepang menandatangani perjanjian dagang di Tokyo."
    assert load(folder).label([text]) == shipped.label([text])


def test_failure_to_save_names_the_folder(monkeypatch, shipped, tmp_path):
    """A write that fails is told with the name of the model, and leaves nothing."""

    def fail(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model, "write_array", fail)
    with pytest.raises(OutputError, match=r"salinan: cannot be written \(No space left on device\)"):
        save(shipped, tmp_path / "salinan")
    assert list(tmp_path.iterdir()) == []


def test_number_of_sources(shipped):
    """Five sources are listed unless another number is asked for."""
    assert len(shipped.ask("apa tujuan kerja sama internasional").sources) == 5
    assert len(shipped.ask("apa tujuan kerja sama internasional", top_k=2).sources) == 2


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("passages_offsets", "passages"),
        ("terms_offsets", "terms"),
        ("posting_starts", "postings"),
        ("answering", "answering.json"),
    ],
)
def test_damage_that_hashes_miss_is_named(tmp_path, name, says):
    """Where the manifest fits but the content doesn't, the message says what doesn't."""
    folder = shutil.copytree(resources.default_model(), tmp_path / "model")
    file = folder / (f"{name}.json" if name == "answering" else f"{name}.npy")
    if name == "answering":
        file.write_text('{"rank": {}, "confidence": {}, "bias": 0, "threshold": 0}', encoding="utf-8")
    else:
        array = np.load(file, allow_pickle=False)
        array[-1] += 1
        np.save(file, array, allow_pickle=False)
    seal(folder)
    with pytest.raises(ModelError, match=rf"the model is damaged \({says}\)"):
        load(folder)
