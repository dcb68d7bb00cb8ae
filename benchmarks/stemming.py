"""What stemming new words costs: PySastrawi's stemmer against the project's own, on the words of any text.

Counted are the distinct words, folded as the analyzer folds them, that it would hand to a stemmer: no stop words, none
of the exceptions, none longer than MAX_WORD, and no roots (both stemmers return those at the first look-up). Names and
foreign words count: most of them go through all the rules. The words are dealt out into ROUNDS shares; both stem each
share, in turn, and the median counts. Then the stems of all words are compared.

Run: python benchmarks/stemming.py FILE... [--words N]

A file is plain text, or JSON lines whose string values are the text; `.gz` is unpacked. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from kerjasama_nlp.language import affixes, stemming
from kerjasama_nlp.language.tokens import Analyzer

ROUNDS = 11
Stem = Callable[[str], str]


def texts(paths: Sequence[Path]) -> Iterator[str]:
    """Yield the texts of the files, line by line."""
    for path in paths:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("{"):
                    yield from (value for value in json.loads(line).values() if isinstance(value, str))
                else:
                    yield line


def new_words(paths: Sequence[Path], most: int) -> list[str]:
    """Return the distinct words of the files that need a stemmer, in order; `most` of them (0: all)."""
    found: dict[str, None] = {}

    def stem(word: str) -> str:
        if word not in stemming.exceptions() and len(word) <= stemming.MAX_WORD and not stemming.is_root(word):
            found[word] = None
        return stemming.stem(word)

    analyzer = Analyzer(stem=stem)
    for text in texts(paths):
        analyzer.analyze(text)
        if most and len(found) >= most:
            break
    return list(found)[: most or None]


def microseconds(stem: Stem, words: Sequence[str]) -> float:
    """Return the time `stem` takes, in microseconds of CPU time a word."""
    start = time.process_time()
    for word in words:
        stem(word)
    return (time.process_time() - start) / len(words) * 1e6


def main() -> None:
    """Measure, compare and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--words", type=int, default=0, metavar="N", help="stop after N words (default: all)")
    args = parser.parse_args()

    roots, sastrawi = stemming.roots(), stemming.sastrawi_stem()
    stems: dict[str, Stem] = {"sastrawi": sastrawi, "ours": lambda word: affixes.stem_word(word, roots)}
    words = new_words(args.files, args.words)
    if len(words) < ROUNDS:
        parser.error(f"the files hold {len(words)} new words, at least {ROUNDS} are needed")
    times: dict[str, list[float]] = {name: [] for name in stems}
    for part in range(ROUNDS):
        for name, stem in stems.items():
            times[name].append(microseconds(stem, words[part::ROUNDS]))
    ratios = [slow / fast for slow, fast in zip(times["sastrawi"], times["ours"], strict=True)]
    print(
        json.dumps(
            {
                "words": len(words),
                "us a word": {name: round(statistics.median(values), 2) for name, values in times.items()},
                "sastrawi / ours": round(statistics.median(ratios), 1),
                "lowest, highest ratio": [round(min(ratios), 1), round(max(ratios), 1)],
                "stemmed": sum(stems["ours"](word) != word for word in words),
                "differences": sum(stems["ours"](word) != sastrawi(word) for word in words),
            }
        )
    )


if __name__ == "__main__":
    main()
