"""The shipped labelled texts: enough of everything, consistent, and no text twice in disguise."""

import json
from collections import Counter, defaultdict
from itertools import product

import pytest
from conftest import PROJECT

from kerjasama_nlp.labels import labelled as labels
from kerjasama_nlp.labels import parties
from kerjasama_nlp.labels.label_set import standard

FORMS, SECTORS = standard().forms, standard().sectors

FILE = PROJECT / "corpus" / "labels" / "snippets.jsonl"
SHINGLE = 4
MOST_IN_COMMON = 0.5


@pytest.fixture(scope="module")
def rows():
    """Return the rows of the file."""
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def test_size(rows):
    """There are at least 3,000 texts, 1,000 of them about no cooperation."""
    assert len(rows) >= 3000
    assert sum(row["form"] == "bukan" for row in rows) >= 1000


def test_labels_are_allowed(rows):
    """Forms and sectors are known, sectors are named once, and `train` reads every row."""
    assert {row["form"] for row in rows} == set(FORMS)
    assert {name for row in rows for name in row["sectors"]} == set(SECTORS)
    assert [row["id"] for row in rows if len(set(row["sectors"])) != len(row["sectors"])] == []
    assert len(labels.read([FILE])) == len(rows)


def test_ids_are_unique(rows):
    """No identifier stands twice."""
    assert [name for name, n in Counter(row["id"] for row in rows).items() if n > 1] == []


def test_every_form_has_every_sector(rows):
    """Each pair of a form of cooperation and a sector has at least ten texts."""
    pairs = Counter((row["form"], sector) for row in rows for sector in row["sectors"])
    rare = {pair for pair in product(FORMS, SECTORS) if pairs[pair] < 10 and pair[0] != "bukan"}
    assert rare == set()


def test_many_parties(rows):
    """The texts name at least 60 countries and 50 organisations."""
    found = {(mention.kind, mention.key) for row in rows for mention in parties.find(row["text"])}
    assert sum(kind == "state" for kind, _ in found) >= 60
    assert sum(kind == "organisation" for kind, _ in found) >= 50


def test_openings_differ(rows):
    """No three texts start with the same five words."""
    openings = Counter(" ".join(row["text"].casefold().split()[:5]) for row in rows)
    assert {opening: n for opening, n in openings.items() if n > 2} == {}


def test_no_near_duplicates(rows):
    """No text holds more than half of another's runs of four words."""
    places = defaultdict(list)
    sizes = []
    for number, row in enumerate(rows):
        words = row["text"].casefold().split()
        shingles = {tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)}
        sizes.append(len(shingles))
        for shingle in shingles:
            places[shingle].append(number)
    shared = Counter((a, b) for found in places.values() for a in found for b in found if a < b)
    alike = [
        (rows[a]["id"], rows[b]["id"]) for (a, b), n in shared.items() if n > MOST_IN_COMMON * min(sizes[a], sizes[b])
    ]
    assert alike == []
