"""Files and functions stay small enough to be read at once."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.source import Definition, Module, modules

FILE_LINES = 400
FUNCTION_LINES = 60

LONGER_FILES = {
    "errors": "the whole error tree on one page",
    "ports": "every seam on one page",
}
LONGER_FUNCTIONS: dict[str, str] = {}
"""``module:function`` → why it is longer."""


def _lines(node: Definition) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("module", modules().values(), ids=lambda module: module.path)
def test_a_file_fits_in_a_head(module: Module):
    count = len(module.text.splitlines())
    assert count <= FILE_LINES or module.name in LONGER_FILES, f"{module.path} has {count} lines"


@pytest.mark.parametrize("module", modules().values(), ids=lambda module: module.path)
def test_a_function_fits_on_a_screen(module: Module):
    long = {
        f"{module.name}:{node.name}": _lines(node)
        for node in module.definitions()
        if not isinstance(node, ast.ClassDef) and _lines(node) > FUNCTION_LINES
    }
    assert long.keys() <= LONGER_FUNCTIONS.keys(), long


def test_no_exception_outlives_its_need():
    sizes = {name: len(module.text.splitlines()) for name, module in modules().items()}
    assert not [name for name in LONGER_FILES if sizes.get(name, 0) <= FILE_LINES]
    long = {f"{m.name}:{node.name}" for m in modules().values() for node in m.definitions() if _lines(node) > FUNCTION_LINES}
    assert LONGER_FUNCTIONS.keys() <= long
