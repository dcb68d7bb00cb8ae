"""What the classifier sees in a text.

A text becomes a bag of named features with a value each:

    w:TERM, b:STEM STEM      its words (stems and surface forms) and pairs of neighbouring words
    n:...                    runs of two or three words with the parties replaced by what they are:
                             "n:bantu NEGARA", "n:RI dan NEGARA", "n:presiden NEGARA"
    o:ID                     an organisation that is named
    s:...                    structure: how many states from how many regions, which kinds of
                             organisation, whose acts the verbs report, and these two by two
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from kerjasama_nlp import parties, resources
from kerjasama_nlp.parties import HOME, Mention
from kerjasama_nlp.tokens import Analyzer, fold

# Words from here on tell little about what a text is mainly about; its lead does.
LEAD_WORDS = 14
# A cooperative or hostile word this near to a party is about that party.
NEAR_WORDS = 4
# More parties, or more cue words, than this make no difference.
_MANY = 4
# Headlines, sentences and paragraphs by their words.
HEADLINE_WORDS = 12
SENTENCE_WORDS = 39
# Distinct features whose numbers are kept, about 150 bytes each.
CACHE_FEATURES = 1 << 20


@dataclass(frozen=True, slots=True)
class Reading:
    """A text taken apart: each word's terms, one symbol or stem a word, and its parties."""

    words: tuple[tuple[str, ...], ...]
    symbols: tuple[str, ...]
    mentions: tuple[Mention, ...]
    text: str


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
    words: list[tuple[str, ...]] = []
    symbols: list[str] = []
    pending = list(mentions)
    for token in analyzer.tokenize(text):
        words.append(token.terms)
        while pending and pending[0].end <= token.start:
            symbols.append(_symbol(pending.pop(0)))
        if not (pending and pending[0].start < token.end):
            symbols.append(token.terms[0])
    symbols.extend(_symbol(mention) for mention in pending)
    return Reading(tuple(words), tuple(symbols), tuple(mentions), text)


def count(reading: Reading) -> Counter[str]:
    """Return the features of a text with their counts (organisations and structure: 1)."""
    found: Counter[str] = Counter()
    found.update(f"w:{term}" for terms in reading.words for term in terms)
    found.update(f"b:{left[0]} {right[0]}" for left, right in pairwise(reading.words))
    found.update(_runs(reading.symbols))
    found.update({f"o:{mention.key}" for mention in reading.mentions if mention.kind == "organisation"})
    found.update(structure(reading))
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
    folded = fold(reading.text)
    for name, pattern in _reciprocals():
        if pattern.search(folded):
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
    """Yield how the parties stand to each other (side by side, joined by "dan", in a row), and the length."""
    for left, right in pairwise(reading.mentions):
        if {left.kind, right.kind} <= {"state", "person"} and left.key != right.key:
            yield from _JOINTS.get(reading.text[left.end : right.start].strip(), ())
    length = len(reading.symbols)
    yield f"panjang={'judul' if length <= HEADLINE_WORDS else 'kalimat' if length <= SENTENCE_WORDS else 'paragraf'}"


_JOINTS = {
    **dict.fromkeys(("-", "–", "/", ""), ("pasangan",)),
    **dict.fromkeys(("dan", "dengan", "serta", "&"), ("berdua",)),
    ",": ("berderet",),
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


def _crossed(names: set[str]) -> Iterator[str]:
    """Yield pairs of structural features that only mean something together."""
    by_group: dict[str, list[str]] = {}
    for name in names:
        by_group.setdefault(name.split("=", 1)[0], []).append(name)
    for left, right in _CROSSED:
        for a in by_group.get(left, ()):
            for b in by_group.get(right, ()):
                yield f"{a}&{b}"
