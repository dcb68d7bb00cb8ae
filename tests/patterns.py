"""The regular expressions of the package, and texts that take them as long as any text can.

A pattern stands in a constant of a module, in a call with the pattern as a literal, or in what a function makes of
data; the last are listed in tests/data/patterns.json. `collect` finds all of them, and tells which it can't.
"""

import ast
import importlib
import json
import random
import re
import re._constants as code
import re._parser as parser
from collections import defaultdict
from typing import NamedTuple

from conftest import DATA, PROJECT

from kerjasama_nlp import resources

PACKAGE = PROJECT / "kerjasama_nlp"
# Ways to use a pattern that start at one place of the text; all others try every place.
_ANCHORED = {"match", "fullmatch"}
_RANDOM_UNITS = 6
_MOST_REPEATS = 12


class Use(NamedTuple):
    """A pattern as the package uses it: by `match`, `fullmatch` or, whatever tries every place, `search`."""

    name: str
    pattern: re.Pattern
    how: str


def collect():
    """Return all uses of patterns, and the calls of `re` whose patterns couldn't be found."""
    data = json.loads((DATA / "patterns.json").read_text(encoding="utf-8"))
    listed, told = data["functions"], {entry["name"]: entry["how"] for entry in data["used"]}
    uses, lost = [], []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PROJECT).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if _is_of_re(node)]
        if not calls:
            continue
        module = importlib.import_module(name)
        constants = {id(node) for statement in tree.body for node in ast.walk(statement) if _is_top(statement)}
        for constant, value in vars(module).items():
            for pattern in _patterns_in(value):
                full = f"{name}.{constant}"
                uses += [Use(full, pattern, how) for how in ([told[full]] if full in told else _ways(tree, constant))]
        here = [entry for entry in listed if entry["module"] == name]
        for entry in here:
            made = _called(module, entry)
            uses += [Use(f"{name}.{entry['function']}", pattern, entry["how"]) for pattern in _patterns_in(made)]
        spans = [_span(tree, entry["function"]) for entry in here]
        for call in calls:
            first = call.args[0]
            if id(call) in constants or any(start <= call.lineno <= end for start, end in spans):
                continue
            if isinstance(first, ast.Constant):
                how = call.func.attr if call.func.attr in _ANCHORED else "search"
                uses.append(Use(f"{name}:{call.lineno}", re.compile(first.value), how))
            else:
                lost.append(f"{name}:{call.lineno}")
    return uses, lost


def _is_of_re(node):
    function = getattr(node, "func", None)
    return isinstance(function, ast.Attribute) and ast.unparse(function.value) == "re" and function.attr != "escape"


def _is_top(statement):
    return not isinstance(statement, ast.FunctionDef | ast.ClassDef)


def _span(tree, function):
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return next((node.lineno, node.end_lineno) for node in nodes if node.name == function)


def _called(module, entry):
    """Return what a listed function makes: of each of its arguments, where it has any."""
    function = getattr(module, entry["function"])
    if "arguments" not in entry:
        return function()
    arguments = entry["arguments"]
    values = getattr(module, arguments)() if isinstance(arguments, str) else arguments
    made = [function(value) for value in values]
    if not entry.get("lines"):
        return made
    # one pattern of many lines of a word list: each line is a pattern of its own
    return [
        re.compile(line, pattern.flags)
        for name, pattern in zip(values, made, strict=True)
        for line in resources.lines(name)
    ]


def _patterns_in(value):
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _patterns_in(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _patterns_in(entry)


def _ways(tree, constant):
    """Return how a module uses a constant, judged by the methods that are called on it."""
    methods = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).split("[")[0] == constant
    }
    return sorted(methods & _ANCHORED) + (["search"] if methods - _ANCHORED or not methods else [])


def hostile(pattern, seed=0):
    """Yield (before, unit, after): texts of ever more units that come near to matching without doing so.

    For each repetition in the pattern: what leads to it, what it repeats, and something that fits nowhere. And runs
    of the characters that the pattern names, mixed.
    """
    chance = random.Random(seed)  # noqa: S311  # the same texts every time
    is_bytes = isinstance(pattern.pattern, bytes)
    tree = parser.parse(pattern.pattern, pattern.flags)
    found = [(before, _sample(item, chance) or "a") for before, item in _repeats(tree, "") for _ in range(3)]
    chance.shuffle(found)
    letters = sorted({sign for before, unit in found for sign in before + unit} | set("aA1 .,-\n")) or ["a"]
    mixed = [("", "".join(chance.choices(letters, k=chance.choice([1, 1, 2, 3])))) for _ in range(_RANDOM_UNITS)]
    singles = [("", sign) for sign in ' \n.aA1"&<([-']
    for before, unit in dict.fromkeys(found[:_MOST_REPEATS] + mixed + singles):
        text = before, unit, "\x00~"
        yield tuple(part.encode("latin-1", "replace") for part in text) if is_bytes else text


def _repeats(tree, before):
    """Yield each repetition in a parsed pattern with a text that leads to it."""
    chance = random.Random(1)  # noqa: S311
    for operation, argument in tree:
        if operation in {code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT}:
            _least, most, item = argument
            if most > 1:
                yield before, item
            yield from _repeats(item, before)
        elif operation is code.SUBPATTERN:
            yield from _repeats(argument[-1], before)
        elif operation is code.ATOMIC_GROUP:
            yield from _repeats(argument, before)
        elif operation is code.BRANCH:
            for branch in argument[1]:
                yield from _repeats(branch, before)
        elif operation in {code.ASSERT, code.ASSERT_NOT}:
            yield from _repeats(argument[1], before)
        before += _sample([(operation, argument)], chance)


def _sample(tree, chance):
    """Return a text that a parsed pattern matches, or nearly so: look-arounds and anchors are passed over."""
    text = ""
    for operation, argument in tree:
        if operation is code.LITERAL:
            text += chr(argument)
        elif operation is code.NOT_LITERAL:
            text += "b" if argument != ord("b") else "c"
        elif operation is code.ANY:
            text += "x"
        elif operation is code.IN:
            text += _member(argument, chance)
        elif operation is code.BRANCH:
            text += _sample(chance.choice(argument[1]), chance)
        elif operation is code.SUBPATTERN:
            text += _sample(argument[-1], chance)
        elif operation is code.ATOMIC_GROUP:
            text += _sample(argument, chance)
        elif operation in {code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT}:
            least, most, item = argument
            times = max(least, 1) if chance.random() < 0.7 else least
            text += "".join(_sample(item, chance) for _ in range(min(times, most)))
    return text


_CATEGORIES = {
    code.CATEGORY_DIGIT: "1",
    code.CATEGORY_SPACE: " ",
    code.CATEGORY_WORD: "a",
    code.CATEGORY_NOT_DIGIT: "a",
    code.CATEGORY_NOT_SPACE: "a",
    code.CATEGORY_NOT_WORD: "-",
}


def _member(items, chance):
    """Return a character of a set."""
    tree = items[1:] if items[0][0] is code.NEGATE else items
    if tree is not items:
        outside = {sign for sign in map(chr, range(32, 127)) if not _holds(tree, sign)}
        return chance.choice(sorted(outside) or ["\u00e9"])
    operation, argument = chance.choice(tree)
    if operation is code.LITERAL:
        return chr(argument)
    if operation is code.RANGE:
        return chr(chance.choice(argument))
    return _CATEGORIES[argument]


def _holds(items, sign):
    """Tell whether a set that isn't negated holds a character."""
    tests = {
        code.CATEGORY_DIGIT: sign.isdigit(),
        code.CATEGORY_SPACE: sign.isspace(),
        code.CATEGORY_WORD: sign.isalnum() or sign == "_",
        code.CATEGORY_NOT_DIGIT: not sign.isdigit(),
        code.CATEGORY_NOT_SPACE: not sign.isspace(),
        code.CATEGORY_NOT_WORD: not (sign.isalnum() or sign == "_"),
    }
    return any(
        (operation is code.LITERAL and argument == ord(sign))
        or (operation is code.RANGE and argument[0] <= ord(sign) <= argument[1])
        or (operation is code.CATEGORY and tests[argument])
        for operation, argument in items
    )


def by_name(uses):
    """Return uses below their names."""
    found = defaultdict(list)
    for use in uses:
        found[use.name].append(use)
    return found
