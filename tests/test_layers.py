"""The modules stand in layers: imports, printing and heavy libraries keep to their places."""

import ast
import json
from functools import cache
from graphlib import TopologicalSorter

import pytest
from conftest import DATA, PROJECT

PACKAGE = PROJECT / "kerjasama_nlp"
# Dotted names below the package; a subpackage's __init__ holds its docstring alone.
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    for path in PACKAGE.rglob("*.py")
    if path.name != "__init__.py" or path.parent == PACKAGE
)
SUBPACKAGES = {module.split(".")[0] for module in MODULES if "." in module}
LAYERS = [layer["modules"] for layer in json.loads((DATA / "layers.json").read_text(encoding="utf-8"))]
# Formats that run code when they are read.
UNSAFE = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "skops"}


@cache
def _nodes(module):
    return tuple(ast.walk(ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))))


@cache
def _imports(module):
    """Return the dotted names that a module imports anywhere, in functions too."""
    found = set()
    for node in _nodes(module):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def _own_imports(module):
    """Return the package's modules that a module imports; a name of the package itself counts as `__init__`."""
    names = {name.removeprefix("kerjasama_nlp.") for name in _imports(module) if name.startswith("kerjasama_nlp.")}
    return {_module_of(name) for name in names if name not in SUBPACKAGES}


def _module_of(name):
    """Return the module that a dotted name is or stands in."""
    parts = name.split(".")
    prefixes = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return next(iter(prefixes.intersection(MODULES)), "__init__")


def _foreign(module):
    return {name.split(".")[0] for name in _imports(module)} - {"kerjasama_nlp"}


def _importers(*libraries):
    return {module for module in MODULES if _foreign(module).intersection(libraries)}


def _users_of(*attributes):
    """Return the modules that use `name.attribute`, each written "name.attribute"."""
    return {
        module
        for module in MODULES
        for node in _nodes(module)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and f"{node.value.id}.{node.attr}" in attributes
    }


def _callers_of(*names):
    return {
        module
        for module in MODULES
        for node in _nodes(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    }


def test_subpackages_import_nothing_by_themselves():
    """Importing one module of a subpackage loads that module and no sibling."""
    code = {name: ast.parse((PACKAGE / name / "__init__.py").read_text(encoding="utf-8")).body for name in SUBPACKAGES}
    assert {name for name, body in code.items() if len(body) != 1 or not isinstance(body[0], ast.Expr)} == set()


def test_every_module_has_one_layer():
    """Each module of the package stands in exactly one layer of tests/data/layers.json."""
    assert sorted(module for layer in LAYERS for module in layer) == MODULES


@pytest.mark.parametrize("position", range(len(LAYERS)), ids=lambda position: LAYERS[position][0])
def test_imports_go_down(position):
    """A module imports from its own layer and from earlier ones only."""
    allowed = {module for layer in LAYERS[: position + 1] for module in layer}
    assert {module: _own_imports(module) - allowed for module in LAYERS[position]} == {
        module: set() for module in LAYERS[position]
    }


def test_no_module_imports_itself_in_a_circle():
    """Imports form no circle, inside a layer neither."""
    order = list(TopologicalSorter({module: _own_imports(module) for module in MODULES}).static_order())
    assert sorted(order) == MODULES


def test_only_stemming_imports_sastrawi():
    """The slow stemmer has one door."""
    assert _importers("Sastrawi") == {"language.stemming"}


def test_only_training_imports_scikit_learn():
    """What serves answers works without scikit-learn and SciPy."""
    assert _importers("sklearn", "scipy") == {
        "answers.fitting",
        "labels.calibration",
        "labels.newton",
        "labels.training",
    }


def test_only_drawing_imports_matplotlib():
    """What draws is an extra with one door; `charts` names its types."""
    assert _importers("matplotlib") == {"reports.drawing", "reports.charts"}


def test_only_the_command_line_prints():
    """The standard streams belong to `console`, ending the process to `cli`; `help_text` draws progress."""
    assert _callers_of("print", "input", "exit", "quit") == {"terminal.console"}
    assert _users_of("sys.stdin", "sys.stdout") == {"terminal.console"}
    assert _users_of("sys.stderr") == {"terminal.console", "terminal.help_text"}
    assert _users_of("sys.exit", "os._exit") == {"cli"}


def test_nothing_reads_a_format_that_runs_code():
    """No pickle and none of its kin, and arrays are loaded with `allow_pickle=False` each time."""
    assert _importers(*UNSAFE) == {"jobs.workers", "labels.training"}
    assert {name for name in _imports("labels.training") if name.startswith("joblib")} == {
        "joblib",
        "joblib.Parallel",
        "joblib.delayed",
    }
    assert {name for name in _imports("jobs.workers") if name.startswith("joblib")} == {"joblib", "joblib.cpu_count"}
    # what processes of the pool send each other is pickled, and comes from nowhere else
    assert _importers("multiprocessing") == {"jobs.pool"}
    loads = [
        (module, {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords})
        for module in MODULES
        for node in _nodes(module)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.load"
    ]
    assert [module for module, keywords in loads if keywords.get("allow_pickle") != "False"] == []


def test_packaged_data_has_one_opener():
    """Only `resources` knows where packaged data stands, and `i18n` where its catalogue does."""
    users = {
        module for module in MODULES for node in _nodes(module) if isinstance(node, ast.Name) and node.id == "__file__"
    }
    assert users == {"resources", "i18n"}
