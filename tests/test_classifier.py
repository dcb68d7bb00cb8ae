"""The classifier: NumPy serves what scikit-learn fitted, and labels keep their promises."""

import json
from dataclasses import replace
from math import exp, log

import numpy as np
import pytest
from conftest import PROJECT
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import lil_matrix
from sklearn.linear_model import LogisticRegression

from kerjasama_nlp import load, model, training
from kerjasama_nlp.errors import InputError, ModelError
from kerjasama_nlp.labels import training as label_training
from kerjasama_nlp.labels.classifier import BLOCKS, STRUCTURE, Classifier, Settings, logistic, softmax
from kerjasama_nlp.labels.features import Counted, Features
from kerjasama_nlp.labels.label_set import standard
from kerjasama_nlp.labels.labelled import LabelledText, read

FORMS, SECTORS = standard().forms, standard().sectors
UNSEEN = (
    "Indonesia dan Jepang menandatangani perjanjian dagang di Tokyo.",
    "PBB menggelar sidang darurat tentang gempa di Haiti.",
    "ASEAN menyepakati bursa listrik serantau.",
    "Petani Sleman panen cabai.",
    "qwerty",
    "",
)


@pytest.fixture(scope="module")
def texts():
    """Return 120 labelled texts, 30 a form, spread over the shipped ones."""
    rows = read([PROJECT / "corpus" / "labels" / "snippets.jsonl"])
    chosen = [row for form in FORMS for row in [row for row in rows if row.form == form][:300:10]]
    return [replace(row, group="ab"[i % 2]) for i, row in enumerate(chosen)]


@pytest.fixture(scope="module")
def fitted(texts):
    """Return the classifier fitted on them."""
    return label_training.fit(texts).classifier


def _features(text):
    """Return the names of all features of a text."""
    with Counted([text], dict.fromkeys(BLOCKS, 1), 10_000) as counted:
        return counted.names


def _values(fitted, counts):
    """Return the values of the known features of a text as the module's first lines define them, by number."""
    found = {}
    for block in ("wb", "no"):
        values = {
            number: (1 + log(n)) * float(fitted.idf[number])
            for name, n in counts.items()
            if name[0] in block and (number := fitted.vocabulary.find(name)) >= 0
        }
        length = sum(value * value for value in values.values()) ** 0.5
        found |= {number: value / length for number, value in values.items()}
    structural = (fitted.vocabulary.find(name) for name in counts if name[0] in "rs")
    return found | {number: STRUCTURE for number in structural if number >= 0}


def _matrix(fitted, texts):
    matrix = lil_matrix((len(texts), len(fitted.vocabulary)))
    for row, entry in enumerate(texts):
        counts = Features(_features(entry.text)).of(entry.text)
        for number, value in _values(fitted, counts).items():
            matrix[row, number] = value
    return matrix.tocsr()


def _decisions(strength, x, y, z):
    """Return the decisions over `z` of a scikit-learn model fitted on `x`, with single precision as in training."""
    return LogisticRegression(C=strength, **label_training.EXACT).fit(x.astype(np.float32), y).decision_function(z)


def test_serving_equals_scikit_learn(fitted, texts):
    """The probabilities are those of scikit-learn's decision values, calibrated, to one part in a million."""
    x = _matrix(fitted, texts)
    order = np.argsort(-x.getnnz(axis=0), kind="stable")  # as training sums them: single precision minds the order
    x = x[:, order].sorted_indices()
    forms = np.array([FORMS.index(entry.form) for entry in texts])
    about = forms != FORMS.index("bukan")
    lexical = [i for i, feature in enumerate(order.tolist()) if fitted.vocabulary.word(feature)[0] in "wb"]
    form_scores = _decisions(label_training.EXACT_FORM_C, x, forms, x)
    labels = list(fitted.label([entry.text for entry in texts]))
    settings = fitted.settings
    for label, scores in zip(labels, form_scores / settings.temperature, strict=True):
        expected = np.exp(scores) / np.exp(scores).sum()
        assert label.form == FORMS[int(expected.argmax())]
        assert label.form_confidence == pytest.approx(expected.max(), abs=1e-6)
    for place, sector in enumerate(SECTORS):
        bears = np.array([sector in entry.sectors for entry in texts])
        scores = _decisions(label_training.SECTOR_C, x[about][:, lexical], bears[about], x[:, lexical])
        for label, score in zip(labels, scores, strict=True):
            expected = 1 / (1 + exp(-(score * settings.slopes[place] + settings.offsets[place])))
            assert label.sector_confidence[sector] == pytest.approx(expected, abs=1e-6)


def test_idf_is_the_formula(fitted, texts):
    """A feature of k of n texts weighs ln((1 + n) / (1 + k)) + 1; words of a single text aren't kept."""
    counts = [_features(entry.text) for entry in texts]
    for i in range(0, len(fitted.vocabulary), 97):
        k = sum(fitted.vocabulary.word(i) in found for found in counts)
        assert k >= 2
        assert float(fitted.idf[i]) == pytest.approx(log(121 / (1 + k)) + 1, abs=1e-6)


def test_it_learned_something(fitted, texts):
    """The labels that it was fitted on come back."""
    labels = fitted.label([entry.text for entry in texts])
    assert sum(label.form == entry.form for label, entry in zip(labels, texts, strict=True)) > 110


@given(st.one_of(st.text(max_size=80), st.sampled_from(UNSEEN)))
def test_labels_keep_their_promises(shipped, text):
    """Whatever the text: one form, `bukan` without sectors, others with some, and probabilities."""
    label = shipped.classifier.label_one(text)
    assert label.form in FORMS
    assert 1 / len(FORMS) <= label.form_confidence <= 1
    assert (label.form == "bukan") == (not label.sectors)
    assert list(label.sectors) == [name for name in SECTORS if name in label.sectors]
    assert list(label.sector_confidence) == list(SECTORS)
    assert all(0 < p < 1 for p in label.sector_confidence.values())
    assert label.needs_review == (label.form_confidence < shipped.classifier.settings.review_below)


def test_form_probabilities_sum_to_one(fitted):
    """The confidence is the greatest of four probabilities that together are 1."""
    assert softmax(np.array([1.0, 2.0, 3.0, -400.0])).sum() == pytest.approx(1, abs=1e-12)
    assert softmax(np.array([900.0, 900.0])).tolist() == [0.5, 0.5]
    # biases alone decide over a text without a known feature
    bias = fitted.bias[:4].astype(float) / fitted.settings.temperature
    empty = Classifier(*_without_features(fitted)).label_one("apa pun")
    assert empty.form_confidence == pytest.approx(max(np.exp(bias)) / sum(np.exp(bias)), abs=1e-9)


def _without_features(fitted):
    names = type(fitted.vocabulary).from_terms(["w:zzz"])
    return fitted.label_set, names, fitted.idf[:1], fitted.weights[:1], fitted.bias, fitted.settings


def test_logistic_of_extremes():
    """Scores beyond all bounds give probabilities without a warning."""
    low, middle, high = logistic(np.array([-1e9, 0.0, 1e9]))
    assert 0 < low < 1e-12
    assert middle == 0.5
    assert 1 - 1e-12 < high <= 1


def test_sectors_are_those_above_the_threshold(shipped):
    """Sectors from the threshold on are given; the likeliest where none reaches it."""
    threshold = shipped.classifier.settings.sector_threshold
    seen = set()
    for text in (*UNSEEN[:3], "Indonesia dan Jepang bertemu.", "Dokter Kuba dan Brasil meneliti vaksin bersama."):
        label = shipped.classifier.label_one(text)
        above = [name for name, p in label.sector_confidence.items() if p >= threshold]
        likeliest = max(label.sector_confidence, key=label.sector_confidence.get)
        assert list(label.sectors) == (above or [likeliest])
        seen.add(bool(above))
    assert True in seen


def test_parties_are_named_once(shipped):
    """States and organisations stand by their first names, each once, as they appear; people speak for states."""
    label = shipped.classifier.label_one("Jokowi dan PM Jepang di KTT ASEAN; Tokyo puas, Sleman juga.")
    assert label.parties == ("Indonesia", "Jepang", "KTT ASEAN")


def test_many_equal_one_by_one(fitted, texts):
    """A text's labels don't depend on what was labelled before it."""
    every = [entry.text for entry in texts] + list(UNSEEN)
    many = list(fitted.label(every))
    backwards = [fitted.label_one(text) for text in reversed(every)]
    assert many == backwards[::-1]


def test_saved_model_labels_identically(fitted, texts, small_articles, shipped_ranker, tmp_path):
    """Saving and loading changes no label and no digit."""
    index, about = training.index_articles([small_articles])
    model.save(model.Model(index, shipped_ranker, fitted, about), tmp_path / "model")
    every = [entry.text for entry in texts] + list(UNSEEN)
    assert load(tmp_path / "model").label(every) == list(fitted.label(every))


def test_model_without_labels_says_so(small_articles, shipped_ranker, tmp_path):
    """A model that labels nothing tells how to make one that does."""
    index, about = training.index_articles([small_articles])
    model.save(model.Model(index, shipped_ranker, training=about), tmp_path / "model")
    with pytest.raises(ModelError, match="train --labels"):
        load(tmp_path / "model").label(["Jepang"])


@pytest.mark.parametrize("text", UNSEEN[:4])
def test_explanation_sums_up(shipped, text):
    """All parts together are the form's score against the mean of all forms, intercepts aside; the strongest lead."""
    classifier = shipped.classifier
    parts = classifier.explain(text, most=10_000)
    counts = Features([classifier.vocabulary.word(i) for i in range(len(classifier.vocabulary))]).of(text)
    parts_by_hand = _values(classifier, counts)
    scores = sum(value * classifier.weights[number, :4].astype(float) for number, value in parts_by_hand.items())
    best = FORMS.index(classifier.label_one(text).form)
    assert sum(part for _, part in parts) == pytest.approx(scores[best] - scores.mean(), abs=1e-5)
    assert {name for name, _ in parts} == {name for name in counts if classifier.vocabulary.find(name) >= 0}
    sizes = [abs(part) for _, part in parts]
    assert sizes == sorted(sizes, reverse=True)
    assert classifier.explain(text) == parts[:8]


def test_explanation_of_nothing_known(fitted):
    """A text without a known feature is explained by nothing."""
    assert Classifier(*_without_features(fitted)).explain("apa pun") == []


def test_settings_survive_json(fitted):
    """Calibration comes back from JSON as the very same numbers."""
    settings, _arrays = fitted.to_parts()
    assert Settings.from_json(json.loads(json.dumps(settings)), len(SECTORS)) == fitted.settings


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0},
        {"temperature": float("nan")},
        {"slopes": [1.0]},
        {"offsets": [float("inf")] * 10},
        {"labels": {"forms": ["bilateral", "bukan"], "none": "bukan", "sectors": list(SECTORS)}},
        {"labels": {"forms": list(FORMS), "none": "bukan", "sectors": []}},
        {"review_below": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_other_settings_are_refused(fitted, change):
    """Settings of another form or order aren't taken for this classifier's."""
    settings, arrays = fitted.to_parts()
    assert Classifier.from_parts(settings, arrays).settings == fitted.settings
    with pytest.raises((ValueError, TypeError, LookupError)):
        Classifier.from_parts(settings | change, arrays)


@pytest.mark.parametrize(
    "damage",
    [
        {"feature_idf": np.ones(3, np.float32)},
        {"label_bias": np.ones(13, np.float32)},
        {"label_weights": np.ones(15, np.float32)},
        {"label_bias": np.full(14, np.nan, np.float32)},
        {"features_offsets": np.array([0, 5], np.int64)},
    ],
    ids=["idf", "bias", "weights", "nan", "offsets"],
)
def test_arrays_that_do_not_fit_are_refused(fitted, damage):
    """Arrays of other lengths, or without numbers, aren't served."""
    settings, arrays = fitted.to_parts()
    with pytest.raises((ValueError, TypeError, LookupError)):
        Classifier.from_parts(settings, arrays | damage)


# Fitting on little


def _few(*rows):
    return [LabelledText(text, form, frozenset(sectors), group) for text, form, sectors, group in rows]


FEW = (
    ("Jepang memberi hibah kepada Mesir", "bilateral", ["ekonomi"], ""),
    ("Jepang memberi hibah kepada Kenya", "bilateral", ["ekonomi"], ""),
    ("Harga cabai naik", "bukan", [], ""),
    ("Harga beras naik", "bukan", [], ""),
)


@pytest.mark.parametrize("groups", ["", "ab"], ids=["no groups", "a group a form"])
def test_fitting_on_few_texts(groups):
    """Forms and sectors without an example are never given; what the texts teach is."""
    rows = [(t, f, s, groups[:1] if f == "bilateral" else groups[1:]) for t, f, s, _ in FEW]
    few = label_training.fit(_few(*rows)).classifier
    labels = list(few.label([t for t, *_ in FEW]))
    assert [label.form for label in labels] == [f for _, f, *_ in FEW]
    assert [label.sectors for label in labels] == [("ekonomi",), ("ekonomi",), (), ()]
    assert all(label.sector_confidence["iptek"] < 1e-3 for label in labels)


def test_fitting_three_forms():
    """A form that no text bears is never given, the three others are."""
    rows = (*FEW, *((f"Sidang PBB membahas {word}", "multilateral", ["politik"], "") for word in ("gula", "kopi")))
    labels = list(label_training.fit(_few(*rows)).classifier.label([t for t, *_ in rows]))
    assert [label.form for label in labels] == [f for _, f, *_ in rows]
    assert label_training.fit(_few(*rows)).classifier.label_one("ASEAN").form != "regional"


@pytest.mark.parametrize("form", ["bilateral", "bukan"])
def test_one_form_teaches_nothing(form):
    """Texts of one form only are told, instead of fitted."""
    with pytest.raises(InputError, match=f"form {form} only; expected at least two"):
        label_training.fit(_few(*(row for row in FEW if row[1] == form)))
