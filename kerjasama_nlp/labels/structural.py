"""What a text is built of, its words aside: who is named, how many, from where, and whose acts are reported.

Features are columns of a table of yes and no, by name:

    asing, ri, pihak         how many foreign states; whether Indonesia; how many parties in all
    global, regional, bloc   how many organisations of each kind
    sekawasan, sekawasan3    whether all states (three or more) share a region
    pertama, dalam           the first party's symbol; classes of Indonesian places and bodies
    aksi, aksi2, awal, dekat classes of cue words: any, more than one, in the lead, near a party
    ramah, musuh, timbang    how many friendly and hostile words, and which prevail
    frasa                    phrases that tell how many act together
    pasangan, berdua, berderet  how parties stand side by side
    panjang                  headline, sentence or paragraph

and pairs of these that only mean something together ("pihak=2&timbang=ramah").
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.arrays import Ints
from kerjasama_nlp.labels import parties
from kerjasama_nlp.labels.lexicon import cue_classes, phrases
from kerjasama_nlp.labels.parties import HOME
from kerjasama_nlp.labels.reading import Reading, all_parties, symbols

# Words from here on tell little about what a text is mainly about; its lead does.
LEAD_WORDS = 14
# A cooperative or hostile word this near to a party is about that party.
NEAR_WORDS = 4
# More parties, or more cue words, than this make no difference; more organisations of a kind than that.
_MANY = 4
_MANY_ORGANISATIONS = 2
# Headlines, sentences and paragraphs by their words.
HEADLINE_WORDS = 12
SENTENCE_WORDS = 39

_KINDS = ("global", "regional", "bloc")
_BALANCE = ("imbang", "ramah", "musuh")
_LENGTHS = ("judul", "kalimat", "paragraf")
_FRIENDLY = frozenset(
    "sepakat kerja tanda bantu runding kunjung forum hubung tukar latih dagang serah dukung misi".split()
)
_HOSTILE = frozenset("serang bunuh kecam ancam sanksi".split())
# Places where things happen rather than parties that act.
_PLACES = frozenset({"DAERAH", "PROVINSI", "PARTAI"})
_HOME_BODIES = "lembaga_ri"
_JOINTS = {
    **dict.fromkeys(("-", "–", "/", ""), "pasangan"),
    **dict.fromkeys(("dan", "dengan", "serta", "&"), "berdua"),
    ",": "berderet",
}
_CROSSED = (
    ("pihak", "timbang"),
    ("pihak", "ramah"),
    ("global", "timbang"),
    ("regional", "timbang"),
    ("bloc", "timbang"),
    ("asing", "frasa"),
    ("pihak", "sekawasan"),
    ("ri", "asing"),
    ("global", "pihak"),
    ("regional", "pihak"),
    ("bloc", "pihak"),
    ("pertama", "timbang"),
    ("ri", "ramah"),
    ("asing", "aksi"),
    ("global", "regional"),
    ("pertama", "pihak"),
    ("asing", "dekat"),
)


@cache
def _groups() -> dict[str, tuple[str, ...]]:
    """Return the values of each group of features, in the order of their columns ("": a feature by itself)."""
    many = tuple(map(str, range(_MANY + 1)))
    truth = ("False", "True")
    domestic = tuple(sorted(party.target[1] for party in all_parties() if party.target[0] == "domestic"))
    return {
        "asing": many,
        "ri": truth,
        "pihak": many,
        "pejabat": truth,
        **dict.fromkeys(_KINDS, tuple(map(str, range(_MANY_ORGANISATIONS + 1)))),
        "sekawasan": truth,
        "sekawasan3": truth,
        "pertama": symbols(),
        "dalam": domestic,
        **dict.fromkeys(("aksi", "aksi2", "awal", "dekat"), cue_classes()),
        "ramah": many,
        "musuh": many,
        "timbang": _BALANCE,
        "frasa": tuple(dict.fromkeys(phrase.label for phrase in phrases())),
        **dict.fromkeys(("pasangan", "berdua", "berderet"), ("",)),
        "panjang": _LENGTHS,
    }


@cache
def _columns() -> dict[str, int]:
    """Return the first column of each group."""
    sizes = [len(values) for values in _groups().values()]
    return dict(zip(_groups(), (np.cumsum(sizes) - sizes).tolist(), strict=True))


@cache
def _pairs() -> tuple[Ints, Ints]:
    """Return the columns whose pairs are features: the left ones and the right ones."""
    columns = _columns()
    found = [
        (columns[left] + a, columns[right] + b)
        for left, right in _CROSSED
        for a in range(len(_groups()[left]))
        for b in range(len(_groups()[right]))
    ]
    lefts, rights = np.array(found, dtype=np.int64).T
    return lefts, rights


@cache
def names() -> tuple[str, ...]:
    """Return the names of all columns."""
    single = [f"{group}={value}" if value else group for group, values in _groups().items() for value in values]
    lefts, rights = _pairs()
    return (*single, *(f"{single[a]}&{single[b]}" for a, b in zip(lefts.tolist(), rights.tolist(), strict=True)))


def table(reading: Reading) -> NDArray[np.bool_]:
    """Return one row a text, one column a name of `names`."""
    single = sum(len(values) for values in _groups().values())
    found = np.zeros((reading.n, single), dtype=np.bool_)
    _who(reading, found)
    _acts(reading, found)
    _phrases(reading, found)
    _joints(reading, found)
    words = np.bincount(reading.symbol_text, minlength=reading.n)
    _choose(found, "panjang", np.searchsorted([HEADLINE_WORDS + 1, SENTENCE_WORDS + 1], words, side="right"))
    lefts, rights = _pairs()
    return np.hstack([found, found[:, lefts] & found[:, rights]])


def _choose(found: NDArray[np.bool_], group: str, values: Ints, rows: Ints | None = None) -> None:
    """Set one feature of a group in each row."""
    found[np.arange(len(found)) if rows is None else rows, _columns()[group] + values] = True


@cache
def _codes() -> list[str]:
    return sorted(parties.states())


@cache
def _facts() -> tuple[Ints, Ints, Ints, Ints]:
    """Return what is known of `all_parties`.

    The position of the state that it is or speaks for (-1: none) among the sorted codes, that state's
    regions a bit each; the kind of organisation (-1: none) and the class of domestic body (-1: none).
    """
    codes = _codes()
    regions = sorted({region for state in parties.states().values() for region in state.regions})
    domestic = _groups()["dalam"]
    rows = []
    for party in all_parties():
        kind, key = party.target
        speaks = key in parties.states()
        rows.append(
            (
                codes.index(key) if speaks else -1,
                sum(1 << regions.index(region) for region in parties.states()[key].regions) if speaks else 0,
                _KINDS.index(parties.organisations()[key].kind) if kind == "organisation" else -1,
                domestic.index(key) if kind == "domestic" else -1,
            )
        )
    state, region, kind_of, body = np.array(rows, dtype=np.int64).T
    return state, region, kind_of, body


@cache
def _by_party() -> tuple[NDArray[np.bool_], NDArray[np.bool_], Ints]:
    """Return for each of `all_parties` whether it is a person, whether it acts, and the position of its symbol."""
    people = np.array([party.target[0] == "person" for party in all_parties()], dtype=np.bool_)
    acting = np.array([party.symbol not in _PLACES for party in all_parties()], dtype=np.bool_)
    return people, acting, np.array([symbols().index(party.symbol) for party in all_parties()], dtype=np.int64)


def _who(reading: Reading, found: NDArray[np.bool_]) -> None:
    """Set how many parties of which kinds the texts name."""
    n, text, party = reading.n, reading.mention_text, reading.mention_party
    state, region, kind, body = (fact[party] for fact in _facts())
    people, _acting, symbols_of = _by_party()
    person, symbol = people[party], symbols_of[party]
    codes = _codes()
    home, home_body = codes.index(HOME), _groups()["dalam"].index(_HOME_BODIES)
    found[text[body >= 0], _columns()["dalam"] + body[body >= 0]] = True
    # each state once a text
    speaks = state >= 0
    pair, where = np.unique(text[speaks] * len(codes) + state[speaks], return_index=True)
    pair_text, pair_state = np.divmod(pair, len(codes))
    foreign = np.bincount(pair_text[pair_state != home], minlength=n)
    at_home = np.zeros(n, dtype=np.int64)
    at_home[pair_text[pair_state == home]] = 1
    at_home[text[body == home_body]] = 1
    _choose(found, "asing", np.minimum(foreign, _MANY))
    _choose(found, "ri", at_home)
    _choose(found, "pihak", np.minimum(foreign + at_home, _MANY))
    _choose(found, "pejabat", np.minimum(np.bincount(text[person], minlength=n), 1))
    for number, name in enumerate(_KINDS):
        _choose(found, name, np.minimum(np.bincount(text[kind == number], minlength=n), _MANY_ORGANISATIONS))
    # states of one region; three of them make a region
    texts, starts, states = np.unique(pair_text, return_index=True, return_counts=True)
    if len(texts):
        shared = (np.bitwise_and.reduceat(region[speaks][where], starts) != 0).astype(np.int64)
        _choose(found, "sekawasan", shared[states > 1], texts[states > 1])
        _choose(found, "sekawasan3", shared[states > 2], texts[states > 2])  # noqa: PLR2004
    abroad = body < 0
    with_party, leading = np.unique(text[abroad], return_index=True)
    _choose(found, "pertama", symbol[abroad][leading], with_party)


def _acts(reading: Reading, found: NDArray[np.bool_]) -> None:
    """Set which kinds of act the words report, and which of them stand near a party."""
    classes = cue_classes()
    owner, cue = np.nonzero((reading.cue_classes[:, None] >> np.arange(len(classes), dtype=np.uint64)) & 1)
    place = reading.cue_symbol[owner]
    text = reading.symbol_text[place]
    columns = _columns()
    counts = np.bincount(text * len(classes) + cue, minlength=reading.n * len(classes)).reshape(-1, len(classes))
    found[:, columns["aksi"] : columns["aksi"] + len(classes)] = counts > 0
    found[:, columns["aksi2"] : columns["aksi2"] + len(classes)] = counts > 1
    lead = reading.symbol_place[place] < LEAD_WORDS
    found[text[lead], columns["awal"] + cue[lead]] = True
    near = _is_near(reading, place)
    found[text[near], columns["dekat"] + cue[near]] = True
    friendly = counts[:, [name in _FRIENDLY for name in classes]].sum(axis=1)
    hostile = counts[:, [name in _HOSTILE for name in classes]].sum(axis=1)
    _choose(found, "ramah", np.minimum(friendly, _MANY))
    _choose(found, "musuh", np.minimum(hostile, _MANY))
    _choose(found, "timbang", np.where(friendly > hostile, 1, np.where(hostile > friendly, 2, 0)))


def _is_near(reading: Reading, place: Ints) -> NDArray[np.bool_]:
    """Tell which places among the symbols stand near a party of their text that acts."""
    _people, acting, _symbols = _by_party()
    party = reading.mention_symbol[acting[reading.mention_party]]
    if not len(party):
        return np.zeros(len(place), dtype=np.bool_)
    after = np.searchsorted(party, place)
    near = np.zeros(len(place), dtype=np.bool_)
    for candidate in (party[np.minimum(after, len(party) - 1)], party[np.maximum(after - 1, 0)]):
        same = reading.symbol_text[candidate] == reading.symbol_text[place]
        near |= same & (np.abs(candidate - place) <= NEAR_WORDS)
    return near


def _phrases(reading: Reading, found: NDArray[np.bool_]) -> None:
    labels = _groups()["frasa"]
    classes = np.array([labels.index(phrase.label) for phrase in phrases()], dtype=np.int64)
    found[reading.phrase_text, _columns()["frasa"] + classes[reading.phrase]] = True


def _joints(reading: Reading, found: NDArray[np.bool_]) -> None:
    """Set how states and their people stand to each other: side by side, joined by "dan", in a row."""
    for mention, joint in reading.joints:
        if joint in _JOINTS:
            found[reading.mention_text[mention], _columns()[_JOINTS[joint]]] = True
