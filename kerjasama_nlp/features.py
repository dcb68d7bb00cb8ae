"""What the classifier sees in a text.

A text becomes a bag of named features with a value each:

    w:STEM, b:STEM STEM      its words and pairs of neighbouring words
    n:...                    runs of two or three words with the parties replaced by what they are:
                             "n:bantu NEGARA", "n:RI dan NEGARA", "n:presiden NEGARA"
    o:ID                     an organisation that is named
    s:...                    structure: how many states from how many regions, which kinds of
                             organisation, whose acts the verbs report, and these two by two

Names of single states are left out of the words: that Jordan is named says nothing about what it did.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from kerjasama_nlp import parties, resources
from kerjasama_nlp.parties import HOME, Mention
from kerjasama_nlp.tokens import Analyzer, fold

# Words from here on tell little about what a text is mainly about; its lead does.
LEAD_WORDS = 14
# A cooperative or hostile word this near to a party is about that party.
NEAR_WORDS = 4
_MANY = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """A text taken apart: its terms, one symbol or stem a word, and its parties."""

    words: tuple[str, ...]
    symbols: tuple[str, ...]
    mentions: tuple[Mention, ...]
    folded: str


@cache
def _cues() -> Mapping[str, tuple[str, ...]]:
    """Return the classes of cue words by stem."""
    analyzer = Analyzer()
    found: dict[str, set[str]] = {}
    for name, words in resources.table("cues.tsv"):
        for word in words.split():
            for term in analyzer.word_terms(fold(word))[:1]:
                found.setdefault(term, set()).add(name)
    return {term: tuple(sorted(names)) for term, names in found.items()}


@cache
def _reciprocals() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(pattern)) for name, pattern in resources.table("reciprocals.tsv"))


def _symbol(mention: Mention) -> str:
    """Return what stands for a party in the runs of words."""
    if mention.kind == "state":
        return "RI" if mention.key == HOME else "NEGARA"
    if mention.kind == "organisation":
        return {"global": "ORG", "regional": "KAWASAN", "bloc": "BLOK"}[parties.organisations()[mention.key].kind]
    if mention.kind == "person":
        if mention.key == HOME:
            return "PEJABAT_RI"
        return "PEJABAT" if mention.key in parties.states() else "PEJABAT_ORG"
    return mention.key.upper()


def read(text: str, analyzer: Analyzer) -> Reading:
    """Take a text apart."""
    mentions = parties.find(text)
    words: list[str] = []
    symbols: list[str] = []
    pending = list(mentions)
    for token in analyzer.tokenize(text):
        while pending and pending[0].end <= token.start:
            symbols.append(_symbol(pending.pop(0)))
        if pending and pending[0].start < token.end:
            continue
        words.append(token.terms[0])
        symbols.append(token.terms[0])
    symbols.extend(_symbol(mention) for mention in pending)
    return Reading(tuple(words), tuple(symbols), tuple(mentions), fold(text))


def features(text: str, analyzer: Analyzer) -> Counter[str]:
    """Return the features of a text with their counts (structure: 1)."""
    reading = read(text, analyzer)
    found: Counter[str] = Counter()
    found.update(f"w:{word}" for word in reading.words)
    found.update(f"b:{a} {b}" for a, b in zip(reading.words, reading.words[1:], strict=False))
    found.update(_runs(reading.symbols))
    for mention in reading.mentions:
        if mention.kind == "organisation":
            found[f"o:{mention.key}"] = 1
    found.update(dict.fromkeys(structure(reading), 1))
    return found


def _runs(symbols: Sequence[str]) -> Iterator[str]:
    """Yield the runs of two and three symbols that hold a party."""
    for size in (2, 3):
        for start in range(len(symbols) - size + 1):
            run = symbols[start : start + size]
            if any(symbol.isupper() for symbol in run):
                yield "n:" + " ".join(run)


def structure(reading: Reading) -> set[str]:
    """Return the structural features of a text."""
    found = set(_who(reading)) | set(_acts(reading)) | set(_position(reading))
    found |= set(_crossed(found))
    return {f"s:{name}" for name in found}


def _who(reading: Reading) -> Iterator[str]:
    """Yield how many parties of which kinds a text names."""
    states, kinds, people = set(), Counter[str](), set()
    for mention in reading.mentions:
        if mention.kind == "state":
            states.add(mention.key)
        elif mention.kind == "person":
            people.add(mention.key)
        elif mention.kind == "organisation":
            kinds[parties.organisations()[mention.key].kind] += 1
        else:
            yield f"dalam={mention.key}"
    speaking = states | {key for key in people if key in parties.states()}
    home_actor = HOME in speaking or any(m.kind == "domestic" and m.key == "lembaga_ri" for m in reading.mentions)
    foreign = speaking - {HOME}
    yield f"asing={min(len(foreign), _MANY)}"
    yield f"ri={home_actor}"
    yield f"pihak={min(len(foreign) + home_actor, _MANY)}"
    yield f"pejabat={bool(people)}"
    for kind in ("global", "regional", "bloc"):
        yield f"{kind}={min(kinds[kind], 2)}"
    regions = [parties.states()[code].regions for code in speaking]
    if len(regions) > 1:
        shared = frozenset.intersection(*regions)
        yield f"sekawasan={bool(shared)}"
        if len(regions) > 2:  # noqa: PLR2004  # three states of one region make a region
            yield f"sekawasan3={bool(shared)}"
    first = next((m for m in reading.mentions if m.kind != "domestic"), None)
    if first is not None:
        yield f"pertama={_symbol(first)}"


def _acts(reading: Reading) -> Iterator[str]:
    """Yield which kinds of act the words report, and which of them stand near a party."""
    near = {
        other
        for place, symbol in enumerate(reading.symbols)
        if symbol.isupper() and symbol not in {"DAERAH", "PROVINSI", "PARTAI"}
        for other in range(place - NEAR_WORDS, place + NEAR_WORDS + 1)
    }
    counts: Counter[str] = Counter()
    for place, symbol in enumerate(reading.symbols):
        for cue in _cues().get(symbol, ()):
            counts[cue] += 1
            if place in near:
                yield f"dekat={cue}"
            if place < LEAD_WORDS:
                yield f"awal={cue}"
    for cue, count in counts.items():
        yield f"aksi={cue}"
        if count > 1:
            yield f"aksi2={cue}"
    for name, pattern in _reciprocals():
        if pattern.search(reading.folded):
            yield f"frasa={name}"
    friendly = sum(counts[cue] for cue in _FRIENDLY)
    hostile = sum(counts[cue] for cue in _HOSTILE)
    yield f"ramah={min(friendly, _MANY)}"
    yield f"musuh={min(hostile, _MANY)}"
    yield f"timbang={'ramah' if friendly > hostile else 'musuh' if hostile > friendly else 'imbang'}"


_FRIENDLY = frozenset(
    "sepakat kerja tanda bantu runding kunjung forum hubung tukar latih dagang serah dukung misi".split()
)
_HOSTILE = frozenset("serang bunuh kecam ancam sanksi".split())


def _position(reading: Reading) -> Iterator[str]:
    """Yield how the parties stand to each other: joined by a hyphen, by "dan", as a list."""
    for a, joint, b in zip(reading.mentions, [*reading.mentions[1:]], [*reading.mentions[1:]], strict=False):
        del b
        between = reading.folded[a.end : joint.start]
        if a.kind in {"state", "person"} and joint.kind in {"state", "person"} and a.key != joint.key:
            if between.strip() in {"-", "–", "/", ""}:
                yield "pasangan"
            elif between.strip() in {"dan", "dengan", "serta", "&"}:
                yield "berdua"
            elif between.strip() == ",":
                yield "berderet"
    length = len(reading.symbols)
    yield f"panjang={'judul' if length < 13 else 'kalimat' if length < 40 else 'paragraf'}"  # noqa: PLR2004


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


def _crossed(names: set[str]) -> Iterator[str]:
    """Yield pairs of structural features that only mean something together."""
    by_group: dict[str, list[str]] = {}
    for name in names:
        by_group.setdefault(name.split("=", 1)[0], []).append(name)
    for left, right in _CROSSED:
        for a in by_group.get(left, ()):
            for b in by_group.get(right, ()):
                yield f"{a}&{b}"
