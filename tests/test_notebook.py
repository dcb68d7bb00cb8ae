"""The package in a notebook: labels as a table, and the analyzer inside scikit-learn."""

import json
import pickle
from dataclasses import asdict, fields

import joblib
import numpy as np
import pytest
from retraining import contents, rows, write
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from kerjasama_nlp import Analyzer, load, train
from kerjasama_nlp.errors import OutputExistsError
from kerjasama_nlp.records import Labels

TEXTS = (
    "Indonesia dan Jepang menandatangani perjanjian dagang di Tokyo.",
    "PBB menggelar sidang darurat tentang gempa di Haiti.",
    "Petani Sleman panen cabai.",
    "",
)


@pytest.fixture(scope="module")
def labels(shipped):
    """Return the labels of a few texts."""
    return shipped.label(TEXTS)


def test_labels_become_a_data_frame(labels):
    """A list of labels is a table of pandas as it is: a row a text, a column a field, texts and numbers as such."""
    pd = pytest.importorskip("pandas", exc_type=ImportError)
    frame = pd.DataFrame(labels, index=pd.Index(TEXTS, name="text"))
    assert list(frame.columns) == [field.name for field in fields(Labels)]
    assert frame["form"].tolist() == [label.form for label in labels]
    assert frame["form_confidence"].dtype == np.float64
    assert frame["needs_review"].dtype == bool
    assert frame["sectors"].tolist() == [label.sectors for label in labels]
    wide = pd.DataFrame([label.sector_confidence for label in labels])
    assert wide.shape == (len(TEXTS), 10)


def test_labels_become_dictionaries(labels):
    """`asdict` gives plain values, which JSON takes and from which the same labels come back."""
    for label in labels:
        found = asdict(label)
        assert list(found) == [field.name for field in fields(Labels)]
        assert Labels(**found) == label
        assert json.loads(json.dumps(found))["sector_confidence"] == dict(label.sector_confidence)


def test_training_in_a_notebook_is_the_command(call, small_model, tmp_path):
    """`train` and `save` write what the command writes, byte for byte; nothing is replaced unasked."""
    path, tests = write(tmp_path / "a.jsonl", rows(40)), write(tmp_path / "b.jsonl", rows(12, seed=1))
    assert call("train", "--labels", path, "--test", tests, "--base", small_model, "-o", "perintah").code == 0
    trained = train(labels=[str(path)], tests=[tests], base=str(small_model))
    trained.save(str(tmp_path / "buku"))
    assert contents(tmp_path / "buku") == contents(tmp_path / "perintah")
    with pytest.raises(OutputExistsError):
        trained.save(tmp_path / "buku")
    text = rows(1, seed=2)[0]["text"]
    assert trained.explain(text, most=3) == load(tmp_path / "buku").explain(text)[:3]


def _vectorizer():
    return TfidfVectorizer(analyzer=Analyzer().analyze)


def test_the_analyzer_gives_a_vectorizer_its_terms():
    """A vectorizer's columns are the analyzer's terms."""
    fitted = _vectorizer().fit(TEXTS)
    assert set(fitted.get_feature_names_out()) == {term for text in TEXTS for term in Analyzer().analyze(text)}


@pytest.mark.parametrize("copy", ["clone", "pickle", "joblib"])
def test_a_vectorizer_with_the_analyzer_can_be_copied(tmp_path, copy):
    """Cloned, pickled or dumped, with words already in its cache, the analyzer gives the same numbers."""
    fitted = _vectorizer().fit(TEXTS)
    if copy == "clone":
        again = clone(fitted)
        assert not hasattr(again, "vocabulary_")
        again.fit(TEXTS)
    elif copy == "pickle":
        again = pickle.loads(pickle.dumps(fitted))  # noqa: S301  # written on this line
    else:
        joblib.dump(fitted, tmp_path / "v.joblib")
        again = joblib.load(tmp_path / "v.joblib")
    new = [*TEXTS, "Perundingan dagang para petani Jepang"]
    assert again.get_feature_names_out().tolist() == fitted.get_feature_names_out().tolist()
    assert (again.transform(new) != fitted.transform(new)).nnz == 0


def test_the_analyzer_in_cross_validation():
    """A pipeline with the analyzer goes through scikit-learn's own cross-validation."""
    texts = [f"{text} nomor {n}" for n in range(6) for text in TEXTS[:2]]
    scores = cross_val_score(make_pipeline(_vectorizer(), LinearSVC()), texts, [0, 1] * 6, cv=3)
    assert scores.tolist() == [1.0, 1.0, 1.0]
