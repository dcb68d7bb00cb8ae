"""The gazetteer: who is named in a text, and tables that agree with each other."""

import json
from collections import Counter

import pytest
from conftest import DATA, cases, growth
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp import resources
from kerjasama_nlp.labels import parties
from kerjasama_nlp.language import stemming

REGIONS = set(
    "afrika amerika_latin amerika_utara asia_selatan asia_tengah asia_tenggara asia_timur eropa kaukasus "
    "oseania timur_tengah".split()
)
TABLES = ("countries", "organisations", "people", "domestic", "masks")
# States that the United Nations has as observers.
OBSERVERS = {"PS", "VA"}
AMBIGUOUS = json.loads((DATA / "ambiguous_names.json").read_text(encoding="utf-8"))
MEMBERSHIPS = json.loads((DATA / "memberships.json").read_text(encoding="utf-8"))


def _rows(name):
    return resources.table(f"gazetteer/{name}.tsv")


def _names(cells):
    return [name.strip() for cell in cells for name in cell.split(";") if name.strip()]


def _repeated(names):
    return sorted(name for name, times in Counter(names).items() if times > 1)


@pytest.mark.parametrize("case", cases("parties.json"))
def test_case(case):
    """Each text names the expected parties, in order, at the expected words."""
    text = case["input"]
    assert [[m.kind, m.key, text[m.start : m.end]] for m in parties.find(text)] == case["expected"]


PIECE = st.one_of(
    st.sampled_from(["Indonesia", "JEPANG", "Papua Nugini", "ASEAN", "Laut", "-", "–", ".", " ", "\n", "Jong-un", "’"]),
    st.text(max_size=4),
)


@given(st.lists(PIECE, max_size=20).map("".join))
def test_mentions_stand_in_order_inside_the_text(text):
    """Mentions are no empty places, and never overlap."""
    end = 0
    for mention in parties.find(text):
        assert end <= mention.start < mention.end <= len(text)
        end = mention.end


@pytest.mark.parametrize("unit", ["Jepang-", "Korea ", "Dewan Keamanan ", "a-", "R.I.", "JEPANG "])
def test_long_texts_take_no_longer_a_word(unit):
    """Ten times the text takes about ten times as long."""
    assert growth(parties.find, {"before": "", "unit": unit, "after": "!"}) is None


@pytest.mark.parametrize("table", TABLES)
def test_names_are_unique_in_their_table(table):
    """No table gives a name twice."""
    columns = {"countries": slice(2, 5), "organisations": slice(2, 3)}.get(table, slice(0, 1))
    split = table in {"countries", "organisations"}
    names = [name for row in _rows(table) for name in (_names(row[columns]) if split else row[columns])]
    assert len(names) > 100
    assert _repeated(names) == []


def test_keys_are_unique():
    """No state and no organisation has two rows, and no key means both."""
    codes, keys = [row[0] for row in _rows("countries")], [row[0] for row in _rows("organisations")]
    assert _repeated(codes + keys) == []
    assert [code for code in codes if not (len(code) == 2 and code.isupper())] == []


def test_regions_are_known():
    """Every state lies in known regions, at least one."""
    found = {code: set(regions.split(",")) for code, regions, *_ in _rows("countries")}
    assert {code: regions - REGIONS for code, regions in found.items() if not regions or regions - REGIONS} == {}
    assert set().union(*found.values()) == REGIONS


def test_kinds_and_members_are_known():
    """Every organisation is global, regional or a bloc, and its members are states of the other table."""
    codes = {row[0] for row in _rows("countries")}
    assert {organisation.kind for organisation in parties.organisations().values()} == {"global", "regional", "bloc"}
    strange = {key: o.members - codes for key, o in parties.organisations().items() if o.members - codes}
    assert strange == {}
    assert "ID" in parties.organisations()["asean"].members


def test_organisations_have_as_many_members_as_they_say():
    """No member is missing, no code twice."""
    members = {row[0]: row[3].split(",") for row in _rows("organisations") if len(row) > 3}
    assert {key: len(members[key]) for key in MEMBERSHIPS} == MEMBERSHIPS
    assert {key: _repeated(codes) for key, codes in members.items() if _repeated(codes)} == {}


def test_every_state_of_the_united_nations_is_known():
    """Members and observers all have a row, with a capital."""
    found = parties.organisations()["pbb"].members | OBSERVERS
    seats = {row[0] for row in _rows("countries") if len(row) > 3 and row[3]}
    assert len(found) == 195
    assert (found - parties.states().keys(), found - seats) == (set(), set())


def test_every_name_is_found():
    """A text that is a name in the tables names just that party; names of two parties are listed with the one found."""
    entries = [(name, target) for name, target in parties.entries() if name]
    found = {entry: [(m.kind, m.key) for m in parties.find(entry[0])] for entry in entries}
    expected = {entry: [entry[1]] if entry[1][1] != parties.NOBODY else [] for entry in entries}
    others = {name: targets for (name, target), targets in found.items() if targets != expected[name, target]}
    assert {name: [key for _kind, key in targets] for name, targets in others.items()} == AMBIGUOUS["shared"]
    assert len(found) > 6000


def test_names_that_are_words_are_listed():
    """A name that is also an Indonesian word, and would be found where a sentence begins with it, is listed."""
    names = {name for name, target in parties.entries() if target[1] != parties.NOBODY and not name.islower()}
    assert sorted(name for name in names if name.lower() in stemming.roots()) == AMBIGUOUS["words"]


def test_people_and_masks_point_at_something():
    """People speak for a state or an organisation of the tables; a phrase stands for a state or nobody."""
    codes, keys = set(parties.states()), set(parties.organisations())
    assert [row for row in _rows("people") if row[1] not in codes | keys] == []
    assert [row for row in _rows("masks") if row[1] not in codes | {"-"}] == []


def test_domestic_classes_are_known():
    """Domestic words belong to one of five classes."""
    assert {row[1] for row in _rows("domestic")} == {"provinsi", "daerah", "lembaga_ri", "bumn", "partai"}
