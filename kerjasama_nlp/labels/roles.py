"""What part each party plays: the function words beside its name, and how it is joined to the party before it.

A text that a president reads out *in* the United Nations, a pact *with* them, a protest *against* them: bags of words
and parties look the same, as function words say nothing about what a text is about. Beside a name they do.

    di ORG                  a party behind the word
    NEGARA oleh             a party before it
    RI dengan NEGARA        a party behind the word, and the other party that was named before

"^" and "$" stand for the ends of the text, "-" for any other word. People stand for the state or organisation that they
speak for.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

from kerjasama_nlp.arrays import Ints
from kerjasama_nlp.labels.lexicon import link_classes
from kerjasama_nlp.labels.reading import Reading, all_parties, bodies, symbols

START, END = "^", "$"
_SPEAKS_FOR = {"PEJABAT": "NEGARA", "PEJABAT_RI": "RI", "PEJABAT_ORG": "ORG"}


@cache
def _actors() -> tuple[str, ...]:
    """Return the symbols of parties that aren't people."""
    return tuple(symbol for symbol in symbols() if symbol not in _SPEAKS_FOR)


@cache
def _actor() -> Ints:
    """Return for each of `all_parties` the position of its actor."""
    actors = (_actors().index(_SPEAKS_FOR.get(party.symbol, party.symbol)) for party in all_parties())
    return np.fromiter(actors, np.int64)


@cache
def names() -> tuple[str, ...]:
    """Return the names of all roles, in the order of their numbers."""
    actors, links = _actors(), link_classes()
    return (
        *(f"{link} {actor}" for actor, link in product(actors, (*links, START))),
        *(f"{actor} {link}" for actor, link in product(actors, (*links, END))),
        *(f"{before} {link} {actor}" for before, actor, link in product(actors, actors, links)),
    )


def find(reading: Reading) -> tuple[Ints, Ints]:
    """Return the texts with a role, and the role's position in `names`."""
    actor, body = _actor()[reading.mention_party], bodies()[reading.mention_party]
    text, before, after = reading.mention_text, reading.mention_before, reading.mention_after
    actors, links = len(_actors()), len(link_classes())
    ends = links + 1
    follows = (text[1:] == text[:-1]) & (body[1:] != body[:-1])
    pair = (actor[:-1] * actors + actor[1:]) * links + before[1:]
    return np.concatenate([text, text, text[1:][follows]]), np.concatenate(
        [
            actor * ends + before,
            actors * ends + actor * ends + after,
            2 * actors * ends + pair[follows],
        ]
    )
