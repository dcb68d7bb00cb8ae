"""What is fuzzed: functions that take any bytes, and fail where the package breaks a promise over them.

A target may meet the errors that the package names; whatever else comes out of it is a finding. `run.py` feeds the
targets with a coverage-guided fuzzer, `test_fuzz.py` with the seeds and changes of them.
"""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
import tempfile
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from kerjasama_nlp import load, model, model_files
from kerjasama_nlp.answers import gold
from kerjasama_nlp.arrays import check_offsets, read_array
from kerjasama_nlp.documents import articles, passages
from kerjasama_nlp.documents.markup import html_to_lines
from kerjasama_nlp.errors import InputError, ModelError
from kerjasama_nlp.inputs.rows import RowReader
from kerjasama_nlp.inputs.sources import open_source
from kerjasama_nlp.jobs.labelling import LabelledRow
from kerjasama_nlp.jobs.outputs import JsonEncoder, TableEncoder
from kerjasama_nlp.labels import parties
from kerjasama_nlp.labels.classifier import Classifier
from kerjasama_nlp.language import sentences
from kerjasama_nlp.language.clean import clean
from kerjasama_nlp.language.tokens import Analyzer
from kerjasama_nlp.terminal import render
from kerjasama_nlp.vocabulary import Vocabulary

_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_ARTICLE_NAMES = ("a.txt", "a.md", "a.html", "a.jsonl", "a.jsonl.gz")
_ENCODINGS = ("utf-8", "utf-16", "cp1252", "utf-32", "utf-7")
_ROW_FORMATS = ("jsonl", "csv", "tsv", "txt")
_DTYPES = ("|u1", "<i4", "<i8", "<f4")
_QUESTION = "kapan Pakta Danau Biru ditandatangani"
_TEXT = "Indonesia dan Jepang menandatangani perjanjian dagang di Tokyo."
_ARTICLE = (
    "# Pakta Danau Biru\n\nPakta Danau Biru ditandatangani pada 3 Mei 1971 oleh dua negara.\n\n"
    "## Tujuan\n\nTujuan Pakta Danau Biru ialah:\n\n1. menjaga air danau;\n2. melatih nelayan.\n"
)
_KNOWN = '{"question": "kapan pakta danau lahir", "article": "pakta", "passage": "menjaga air danau;"}\n'
_analyzer = Analyzer()


@cache
def _folder() -> Path:
    """Return a folder for the targets' files, in memory where there is such a place."""
    memory = Path("/dev/shm")  # noqa: S108  # a folder of our own is made in it
    return Path(tempfile.mkdtemp(prefix="kerjasama-fuzz-", dir=memory if memory.is_dir() else None))


def clear() -> None:
    """Remove the targets' files."""
    shutil.rmtree(_folder(), ignore_errors=True)
    _folder.cache_clear()


def fuzz_articles(data: bytes) -> None:
    """Any file is articles whose texts are clean and whose passages hold them, or an unreadable input."""
    kind = data[0] if data else 0
    file = _folder() / _ARTICLE_NAMES[kind % len(_ARTICLE_NAMES)]
    file.write_bytes(data[1:])
    try:
        found = list(articles.read(file, _ENCODINGS[kind // 16 % len(_ENCODINGS)]))
    except InputError:
        return
    finally:
        file.unlink()
    for article in found:
        assert article.title == " ".join(clean(article.title).split())
        for block in article.blocks:
            assert block.text.strip() or block.items
        for passage in passages.split(article):
            assert passage.text.strip()
            assert all(passage.text[start:end].strip() for start, end in sentences.spans(passage.text))


def fuzz_markup(data: bytes) -> None:
    """Any page is a title on one line and tidy lines."""
    title, lines = html_to_lines(data.decode("utf-8", "replace"))
    assert "\n" not in title
    assert all(line == line.strip() for line in lines.split("\n"))


def fuzz_rows(data: bytes) -> None:
    """Any input is rows that come out again, as many, as JSON that commands no terminal and as a table."""
    kind = data[0] if data else 0
    form, encoding = _ROW_FORMATS[kind % len(_ROW_FORMATS)], _ENCODINGS[kind // 16 % len(_ENCODINGS)]
    try:
        source = open_source("-", lambda: io.BytesIO(data[1:]), encoding=encoding, format=form)
        reader = RowReader.of(source)
        rows = [row for block in source.blocks() for row in reader.rows(block.records)]
    except InputError:
        return
    labelled = [LabelledRow(row, None) for row in rows]
    lines = JsonEncoder().encode(labelled).decode()
    assert lines.count("\n") == len(rows)
    assert not any(unicodedata.category(char) in _FORBIDDEN and char not in "\n\t" for char in set(lines))
    for line in lines.split("\n")[:-1]:
        json.loads(line)
    if source.columns is not None:
        encoder = TableEncoder(tuple(source.columns), ",")
        csv.field_size_limit(1 << 27)
        table = csv.reader(io.StringIO((encoder.head() + encoder.encode(labelled)).decode(), newline=""))
        assert len(list(table)) == len(rows) + 1


def fuzz_clean(data: bytes) -> None:
    """Any text is clean after cleaning, and printable on any terminal."""
    try:
        text = clean(data.decode("utf-8", "surrogatepass"))  # half characters, as JSON may hold them
    except UnicodeDecodeError:
        text = clean(data.decode("utf-8", "replace"))
    assert clean(text) == text
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} and char != "\n" for char in text)
    shown = render.printable(text)
    assert render.printable(shown) == shown


def fuzz_analyzer(data: bytes) -> None:
    """Tokens, parties and sentences stand in order inside the text; terms are words."""
    text = data.decode("utf-8", "replace")
    end = 0
    for token in _analyzer.tokenize(text):
        assert end <= token.start < token.end <= len(text)
        assert text[token.start].isalnum()
        assert text[token.end - 1].isalnum() or text[token.end - 1] == "%"
        assert token.terms
        assert all(term and not term.isspace() for term in token.terms)
        end = token.end
    for spans in ([(m.start, m.end) for m in parties.find(text)], sentences.spans(text)):
        end = 0
        for start, stop in spans:
            assert end <= start < stop <= len(text)
            end = stop


def fuzz_manifest(data: bytes) -> None:
    """Any manifest names exactly a model's files, with sizes and hashes, or the model is refused."""
    folder = _folder() / "manifest"
    folder.mkdir(exist_ok=True)
    (folder / model_files.MANIFEST).write_bytes(_sealed(data))
    try:
        manifest = model_files.read_manifest(folder)
    except ModelError:
        return
    assert set(manifest["files"]) - model_files.LABELLING_FILES == model_files.ANSWERING_FILES
    assert all(entry["size"] >= 0 for entry in manifest["files"].values())
    render.info_text(manifest, str(folder))
    json.loads(render.to_json(manifest))


def _sealed(data: bytes) -> bytes:
    """Give a manifest the seal that fits, where it is an object."""
    try:
        manifest = json.loads(data)
        return json.dumps(manifest | {model_files.SEAL: model_files.seal(manifest)}).encode()
    except (ValueError, TypeError, AttributeError, RecursionError):
        return data


def fuzz_arrays(data: bytes) -> None:
    """Any array file is an array no larger than the file, or is refused."""
    (_folder() / "larik.npy").write_bytes(data)
    for dtype in _DTYPES:
        try:
            array = read_array(_folder(), "larik", dtype)
            assert array.nbytes < len(data)
            assert array.dtype.str == dtype
            if dtype == "<i8":
                check_offsets("larik", array, len(data))
                assert (np.diff(array) >= 0).all()
        except ValueError:
            continue


@cache
def model_folder() -> Path:
    """Return the folder of a small model with both halves."""
    articles_folder, folder = _folder() / "artikel", _folder() / "model"
    articles_folder.mkdir()
    (articles_folder / "pakta.md").write_text(_ARTICLE, encoding="utf-8")
    from kerjasama_nlp import training

    (_folder() / "tanya.jsonl").write_text(_KNOWN, encoding="utf-8")
    known = gold.read([_folder() / "tanya.jsonl"]).known
    index, about = training.index_articles([articles_folder], known=known)
    shipped = load()
    whole = shipped.classifier
    chosen = np.arange(0, len(whole.vocabulary), 100)
    names = Vocabulary.from_terms(whole.vocabulary.word(int(number)) for number in chosen)
    classifier = Classifier(
        whole.label_set, names, whole.idf[chosen], whole.weights[chosen], whole.bias, whole.settings
    )
    model.save(model.Model(index, shipped.ranker, classifier, about), folder)
    return folder


def fuzz_model(data: bytes) -> None:
    """Any bytes in one file of a model, with hashes that fit, are refused or serve sound values.

    The first byte chooses the file, the others change it: each three say where, and by what.
    """
    import hashlib

    folder = model_folder()
    names = sorted(model_files.ANSWERING_FILES | model_files.LABELLING_FILES)
    name = names[(data[0] if data else 0) % len(names)]
    before, manifest = (folder / name).read_bytes(), (folder / model_files.MANIFEST).read_bytes()
    changed = bytearray(before)
    for place in range(1, len(data) - 2, 3):
        changed[int.from_bytes(data[place : place + 2], "big") % len(changed)] = data[place + 2]
    told = json.loads(manifest)
    told["files"][name]["sha256"] = hashlib.sha256(changed).hexdigest()
    try:
        (folder / name).write_bytes(changed)
        (folder / model_files.MANIFEST).write_text(json.dumps(told | {"sha256": model_files.seal(told)}))
        opened = load(folder)
        answer = opened.ask(_QUESTION, min_confidence=0)
        (labels,) = opened.label([_TEXT])
        assert all(math.isfinite(source.score) for source in answer.sources)
        assert 0 <= answer.confidence <= 1
        assert 0 <= labels.form_confidence <= 1
        assert all(0 <= share <= 1 for share in labels.sector_confidence.values())
        json.loads(render.answer_json(answer))
        render.answer_text(answer)
    except ModelError:
        return
    finally:
        (folder / name).write_bytes(before)
        (folder / model_files.MANIFEST).write_bytes(manifest)


TARGETS: dict[str, Callable[[bytes], None]] = {
    name.removeprefix("fuzz_"): function for name, function in list(globals().items()) if name.startswith("fuzz_")
}
