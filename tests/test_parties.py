"""The gazetteer: who is named in a text, and tables that agree with each other."""

from collections import Counter

import pytest
from conftest import cases, growth
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp import resources
from kerjasama_nlp.labels import parties

REGIONS = set(
    "afrika amerika_latin amerika_utara asia_selatan asia_tengah asia_tenggara asia_timur eropa kaukasus "
    "oseania timur_tengah".split()
)
TABLES = ("countries", "organisations", "people", "domestic", "masks")


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


def test_people_and_masks_point_at_something():
    """People speak for a state or an organisation of the tables; a phrase stands for a state or nobody."""
    codes, keys = set(parties.states()), set(parties.organisations())
    assert [row for row in _rows("people") if row[1] not in codes | keys] == []
    assert [row for row in _rows("masks") if row[1] not in codes | {"-"}] == []


def test_domestic_classes_are_known():
    """Domestic words belong to one of five classes."""
    assert {row[1] for row in _rows("domestic")} == {"provinsi", "daerah", "lembaga_ri", "bumn", "partai"}


def _misread(named):
    return {one.name: keys for key, one in named.items() if (keys := [m.key for m in parties.find(one.name)]) != [key]}


def test_first_names_are_found():
    """A text that is a state's or organisation's first name names just that state or organisation."""
    named = {**parties.states(), **parties.organisations()}
    plain = {key: one for key, one in named.items() if not set("-+").intersection(one.name)}
    assert len(plain) > 400
    assert _misread(plain) == {}


def test_first_names_with_a_hyphen_are_found():
    """A hyphen inside a first name doesn't hide it."""
    assert _misread({key: one for key, one in parties.organisations().items() if "-" in one.name}) == {}
