"""The tests that the documentation names as proof exist."""

import ast
import re

import pytest
from conftest import PROJECT

NAMED = re.compile(r"\b(tests/[\w/]+\.py)(?:::(\w+))?")


@pytest.mark.parametrize("page", ["security.md", "reliability.md"])
def test_named_tests_exist(page):
    """Each test that a page names stands in the file that it names."""
    named = NAMED.findall((PROJECT / "docs" / page).read_text(encoding="utf-8"))
    assert len(named) > 3
    for file, test in named:
        tree = ast.parse((PROJECT / file).read_text(encoding="utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert not test or test in names, f"{file}::{test}"
