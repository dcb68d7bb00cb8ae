"""Indonesian affixes: the root of a word, found by taking its affixes off until a known root is left.

The algorithm and the numbers of its rules are the published ones:

- B. Nazief, M. Adriani: Confix Stripping: Approach to Stemming Algorithm for Bahasa Indonesia, 1996. Rules 1 to 34.
- J. Asian: Effective Techniques for Indonesian Text Retrieval, RMIT University, 2007. "CS": reduplication, when
  prefixes go before suffixes, rules 12 and 16 changed, rules 35 and 36.
- A. Z. Arifin, I. P. A. K. Mahendra, H. T. Ciptaningtyas: Enhanced Confix Stripping Stemmer and Ants Algorithm for
  Classifying News Document in Indonesian Language, 2009. "ECS": suffixes taken off too much are put back.
- A. D. Tahitoe, D. Purwitasari: Implementasi Modifikasi Enhanced Confix Stripping Stemmer untuk Bahasa Indonesia
  dengan Metode Corpus Based Stemming, 2010. An improved ECS.

PySastrawi collects them and adds to them: the infixes (rules 37 to 40), ku- and kau- (41, 42), foreign suffixes, more
letters in rules 14 and 27. For each word the stem found here is the one PySastrawi gives, also where that is a slip;
such places say so.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator

VOWELS = frozenset("aiueo")
CONSONANTS = frozenset("bcdfghjklmnpqrstvwxyz")
LETTERS = VOWELS | CONSONANTS
_NOT_R = CONSONANTS - {"r"}
_OBSTRUENTS = CONSONANTS - set("rwylmn")

PARTICLES = ("lah", "kah", "tah", "pun")
PRONOUNS = ("nya", "ku", "mu")
SUFFIXES = ("isasi", "isme", "kan", "an", "is", "i")  # a longer one stands before those it ends in
PLAIN_PREFIXES = ("di", "ke", "se")  # they change no letter
INFIXES = frozenset({"er", "el", "em", "in"})  # gerigi from gigi, telunjuk from tunjuk, kinerja from kerja

_SHORTEST = 4  # no affix is looked for in a word of fewer letters
_ROUNDS = 3  # prefixes that a word may carry: ke-ber-ke-lanjut-an

_ENDINGS = (*PARTICLES, *PRONOUNS, *SUFFIXES)
_AFTER_A_HYPHEN = frozenset((*PARTICLES, *PRONOUNS))  # rumah-nya is no reduplication
_IRREGULAR = {"belajar": "ajar", "pelajar": "ajar"}  # rules 4 and 32

# Prefixes whose end melts into the root: how a word begins, the letters that may follow, and what the opening stands
# for. Of several stems the first that is a root counts, and if none is, the last one.
_MELTING: tuple[tuple[str, Iterable[str], tuple[str, ...]], ...] = (
    ("ber", VOWELS, ("", "r")),  # 1: ber-ubah, be-runding
    ("ter", VOWELS, ("", "r")),  # 6: ter-ulang, te-rumus-kan
    ("mel", VOWELS, ("l",)),  # 10
    ("mer", VOWELS, ("r",)),
    ("mew", VOWELS, ("w",)),
    ("mey", VOWELS, ("y",)),
    ("mem", "bfv", ("",)),  # 11
    ("memp", "e", ("p",)),  # 12, changed by CS: mem-pengaruh-i
    ("mem", VOWELS, ("m", "p")),  # 13: me-main-kan, mem-ukul from pukul
    ("men", "cdjstz", ("",)),  # 14, with the s of ECS (men-syukur-i) and PySastrawi's t (men-taat-i)
    ("men", VOWELS, ("n", "t")),  # 15: me-nilai, men-anam from tanam
    ("meng", "ghqk", ("",)),  # 16, with the k of CS: meng-kritik
    ("meng", "aiuo", ("", "k", "ng")),  # 17: meng-ambil, meng-irim from kirim, me-nganga
    ("menge", ("",), ("e", "ke", "", "nge")),  # 17: the same, and menge-cat
    ("meny", VOWELS, ("ny", "s")),  # 18: me-nyala, meny-apu from sapu
    ("memp", LETTERS - set("en"), ("p",)),  # 19: mem-proses
    ("pew", VOWELS, ("w",)),  # 20
    ("pey", VOWELS, ("y",)),
    ("per", VOWELS, ("", "r")),  # 21: per-ubah-an, pe-runding
    ("pem", "bfv", ("",)),  # 25
    ("pem", VOWELS, ("m", "p")),  # 26: pe-main, pem-ukul from pukul
    ("pen", "cdjstz", ("",)),  # 27, with PySastrawi's s and t: pen-stabil-an, pen-transkripsi
    ("pen", VOWELS, ("n", "t")),  # 28: pe-nilai, pen-ari from tari
    ("peng", CONSONANTS, ("",)),  # 29
    ("peng", "aiuo", ("", "k", "ng")),  # 30: peng-arang, peng-irim from kirim; ng: where both fail, rule 34 fits
    ("penge", ("",), ("e", "ke", "")),  # 30: the same, and penge-cat; here rule 34 never comes in
    ("peny", VOWELS, ("ny", "s")),  # 31: pe-nyanyi, peny-apu from sapu
    ("pel", VOWELS, ("l",)),  # 32: pe-lari
)

# What may follow the first letters of a root: er and a vowel (da-erah), er and a consonant (k-erja), er alone, no er.
_ER_VOWEL, _ER_CONSONANT, _ER, _NO_ER = "erV", "erC", "er", ""

# Prefixes before a consonant: how a word begins, that consonant, how many letters come next, what must follow them.
_BEFORE_CONSONANTS = (
    ("ber", CONSONANTS, 1, _NO_ER),  # 2: ber-main
    ("ber", _NOT_R, 1, _ER_VOWEL),  # 3: ber-daerah
    ("be", _NOT_R, 0, _ER_CONSONANT),  # 5: be-kerja
    ("ter", _NOT_R, 0, _ER_VOWEL),  # 7: ter-gerak
    ("ter", _NOT_R, 0, _NO_ER),  # 8: ter-pukul
    ("te", _NOT_R, 0, _ER_CONSONANT),  # 9: te-percik
    ("per", CONSONANTS, 1, _NO_ER),  # 23: per-tahan-an
    ("per", _NOT_R, 1, _ER_VOWEL),  # 24: per-daerah-an
    ("pe", CONSONANTS, 0, _NO_ER),  # 34: pe-tinju
    ("ter", _OBSTRUENTS, 0, _ER_CONSONANT),  # 35, CS: ter-percaya
    ("pe", _OBSTRUENTS, 0, _ER_CONSONANT),  # 36, CS: pe-kerja
)


def _melting() -> dict[str, tuple[int, tuple[str, ...]]]:
    """Return, by the four or five letters a word begins with: letters to cut, and what to put in their place."""
    return {opening + letter: (len(opening), put) for opening, letters, put in _MELTING for letter in letters}


def _before_consonants() -> dict[str, tuple[int, int, set[str]]]:
    """Return, by the three or four letters a word begins with: letters to cut, where to look, what may follow there."""
    table: dict[str, tuple[int, int, set[str]]] = {}
    for opening, consonants, between, following in _BEFORE_CONSONANTS:
        for consonant in consonants:
            row = table.setdefault(opening + consonant, (len(opening), len(opening) + 1 + between, set()))
            row[2].add(following)
    return table


_CUT_MELTING = _melting()
_CUT_BEFORE_CONSONANTS = _before_consonants()


def _following(word: str, at: int) -> str:
    """Tell what follows from `at` on: "er" with the kind of letter after it, or no "er"."""
    if not word.startswith("er", at):
        return _NO_ER
    letter = word[at + 2 : at + 3]
    return _ER_VOWEL if letter in VOWELS else _ER_CONSONANT if letter in CONSONANTS else _ER


def _without_melting_prefix(word: str, roots: Container[str]) -> str | None:
    found = _CUT_MELTING.get(word[:4]) or _CUT_MELTING.get(word[:5])
    if found is None:
        return None
    cut, replacements = found
    rest = word[cut:]
    for replacement in replacements:
        stem = replacement + rest
        if stem in roots:
            break
    return stem


def _without_prefix_before_consonant(word: str) -> str | None:
    for opening in (word[:4], word[:3]):
        found = _CUT_BEFORE_CONSONANTS.get(opening)
        if found is None:
            continue
        cut, at, allowed = found
        if (at == len(opening) or word[at - 1 : at] in LETTERS) and _following(word, at) in allowed:
            return word[cut:]
    return None


def _without_infix(word: str, _roots: Container[str]) -> str | None:
    """Rules 37 to 40, for words that begin with a consonant and the first letter of an infix."""
    return word[0] + word[3:] if word[1:3] in INFIXES and word[3:4] in VOWELS else None


def _without_changing_prefix(word: str, roots: Container[str]) -> str | None:
    """Rules 1 to 36 for ber-, ter-, me- and pe-, then those for infixes."""
    stem = _IRREGULAR.get(word)
    if stem is None:
        stem = _without_melting_prefix(word, roots)
    if stem is None:
        stem = _without_prefix_before_consonant(word)
    return _without_infix(word, roots) if stem is None else stem


def _without_two_letters(word: str, _roots: Container[str]) -> str:
    """Take off di-, ke-, se- or ku- (rule 41)."""
    return word[2:]


def _without_kau(word: str, _roots: Container[str]) -> str | None:
    """Rule 42."""
    return word[3:] if word.startswith("kau") else None


# By the first two letters: what takes a prefix or an infix off. Other words carry none.
_BY_START: dict[str, Callable[[str, Container[str]], str | None]] = {
    **{consonant + vowel: _without_infix for consonant in CONSONANTS for vowel in "ei"},
    **dict.fromkeys(("be", "te", "me", "pe"), _without_changing_prefix),
    **dict.fromkeys((*PLAIN_PREFIXES, "ku"), _without_two_letters),
    "ka": _without_kau,
}


# By the first letters: words that may carry a prefix, and those with an infix, if a vowel follows.
_PREFIXES = frozenset(start for start, strip in _BY_START.items() if strip not in {_without_infix, _without_kau})
_WITH_INFIX = frozenset(consonant + infix for consonant in CONSONANTS for infix in INFIXES) | {"kau"}


def _may_start(word: str) -> bool:
    """Tell quickly whether a word may carry a prefix or an infix."""
    return word[:2] in _PREFIXES or word[:3] in _WITH_INFIX


def _without_prefixes(word: str, roots: Container[str]) -> str:
    """Return `word` without its prefixes, up to the first root or _ROUNDS of them."""
    for _ in range(_ROUNDS):
        strip = _BY_START.get(word[:2])
        stem = strip(word, roots) if strip else None
        if stem is None:
            break
        word = stem
        if word in roots:
            break
    return word


def _without_ending(word: str, endings: tuple[str, ...]) -> str:
    """Return `word` without the first of `endings` that it has, and without the hyphens before a clitic."""
    for ending in endings:
        if word.endswith(ending):
            word = word[: -len(ending)]
            break
    return word if endings is SUFFIXES else word.rstrip("-")


def _suffix_forms(word: str, roots: Container[str]) -> list[str]:
    """Return `word`, then what is left without its particle, its pronoun and its suffix, up to the first root."""
    forms = [word]
    for endings in (PARTICLES, PRONOUNS, SUFFIXES):
        if word.endswith(endings):
            word = _without_ending(word, endings)
            forms.append(word)
            if word in roots:
                break
    return forms


def _prefixes_go_first(word: str) -> bool:
    """Tell whether `word` shows a pair of affixes that CS takes off from the front: be-lah, be-an, me-i, di-i, ..."""
    if word.endswith("i"):
        return word.startswith(("me", "di", "pe", "ter"))
    return word.startswith("be") and word.endswith(("lah", "an"))


def _candidates(word: str, roots: Container[str]) -> Iterator[str]:
    """Yield what may be the root of `word`, in the order in which roots are looked for."""
    if _prefixes_go_first(word):
        bare = _without_prefixes(word, roots)
        yield bare
        yield _suffix_forms(bare, roots)[-1]
    *longer, shortest = _suffix_forms(word, roots)
    yield shortest
    yield _without_prefixes(shortest, roots)
    for form in reversed(longer):  # ECS: what went as an ending may belong to the root (men-ekan, ber-saksi)
        if form.endswith("kan"):
            yield _with_k_restored(form, roots)
        yield _without_prefixes(form, roots)


def _with_k_restored(form: str, roots: Container[str]) -> str:
    """Return `form` without -an and prefixes, where -kan was taken off too much: tolak-an.

    As in PySastrawi a root that itself begins with di, ke or se loses these letters first and isn't found: keroyok-an.
    """
    stem = form[:-2]
    return stem if stem in roots and not stem.startswith(PLAIN_PREFIXES) else _without_prefixes(stem, roots)


def _stem_single(word: str, roots: Container[str]) -> str:
    """Return the root of a word that isn't reduplicated, or `word` itself."""
    if word in roots or len(word) < _SHORTEST:
        return word
    if not word.endswith(_ENDINGS):  # as most words: then prefixes are all that there may be
        stem = _without_prefixes(word, roots) if _may_start(word) else word
        return stem if stem in roots else word
    for candidate in _candidates(word, roots):
        if candidate in roots:
            return candidate
    return word


def stem_word(word: str, roots: Container[str]) -> str:
    """Return the root of `word` if one of `roots` is found in it, otherwise `word` itself.

    `word` is lower-case and without spaces; any characters do, there are no errors. A root has two letters or more.
    A reduplicated word has a root if its halves share it, also where the second half alone would need the prefix
    me- (J. Asian, 2007). For the algorithm see the module.

    >>> roots = {"sapu", "tolak", "kerja", "tiru", "tunjuk"}
    >>> [stem_word(word, roots) for word in ("menyapukan", "tolakan", "pekerjaannya", "telunjuk", "bali")]
    ['sapu', 'tolak', 'kerja', 'tunjuk', 'bali']
    >>> [stem_word(word, roots) for word in ("sapu-sapu", "meniru-nirukan", "sapu-tolak", "kerja-nya")]
    ['sapu', 'tiru', 'sapu-tolak', 'kerja']
    """
    if "-" not in word:
        return _stem_single(word, roots)
    first, _, second = word.rpartition("-")
    if second in _AFTER_A_HYPHEN:
        if "-" not in first:
            return _stem_single(word, roots)
        first, _, middle = first.rpartition("-")
        second = f"{middle}-{second}"
    shared, stem = _stem_single(first, roots), _stem_single(second, roots)
    if stem == second and second not in roots:
        stem = _stem_single("me" + second, roots)
    return shared if shared == stem else word
