"""Names say what a thing is, and what is public is explained."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import Definition, Module, modules

EMPTY_WORDS = frozenset({"util", "utils", "helper", "helpers", "common", "manager", "handler", "processor", "data", "info"})

NOT_OURS = {
    "data_received": "asyncio.Protocol names it",
    "datagram_received": "asyncio.Protocol names it",
}
"""Methods that someone else's interface prescribes, parameters included."""

TERMS = re.compile(r"data_plane|DataPlane")
"""Terms of the field that happen to begin with an empty word."""

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")


def _words(name: str) -> set[str]:
    return {part.lower() for part in _PARTS.findall(TERMS.sub("", name))}


def _named(module: Module) -> Iterator[tuple[int, str]]:
    prescribed = {id(argument) for node in module.definitions() if node.name in NOT_OURS for argument in ast.walk(node)}
    for node in ast.walk(module.tree):
        if isinstance(node, Definition):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg) and id(node) not in prescribed:
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


@pytest.mark.parametrize("module", modules().values(), ids=lambda module: module.path)
def test_no_name_is_an_empty_word(module: Module):
    parts = set().union(*(_words(part) for part in module.name.split(".")))
    assert not parts & EMPTY_WORDS, f"{module.path}: name the file for what is in it"
    empty = [f"{module.path}:{line} {name}" for line, name in _named(module) if _words(name) & EMPTY_WORDS and name not in NOT_OURS]
    assert not empty


def _public(module: Module) -> Iterator[Definition]:
    """What is importable by name: top level, and methods of public classes."""
    for node in module.tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (inner for inner in node.body if isinstance(inner, Definition) and not inner.name.startswith("_"))


FROM_A_BASE = {"connection_made", "connection_lost", "data_received", "eof_received", "pause_writing", "resume_writing", "buffer_updated"}
"""Methods whose meaning asyncio.Protocol documents."""


@pytest.mark.parametrize("module", [module for module in modules().values() if module.name != "errors"], ids=lambda module: module.path)
def test_everything_public_has_a_sentence(module: Module):
    assert ast.get_docstring(module.tree), f"{module.path} says nothing about itself"
    silent = [
        f"{module.path}:{node.lineno} {node.name}"
        for node in _public(module)
        if not ast.get_docstring(node) and node.name not in FROM_A_BASE and not _is_overload(node)
    ]
    assert not silent


@pytest.mark.parametrize("module", modules().values(), ids=lambda module: module.path)
def test_a_sentence_ends_like_one(module: Module):
    texts = [(1, ast.get_docstring(module.tree))]
    texts += [(node.lineno, ast.get_docstring(node)) for node in module.definitions()]
    unfinished = [
        f"{module.path}:{line}" for line, text in texts if text and not text.split("\n\n")[0].rstrip().endswith((".", "!", "?", ":"))
    ]
    assert not unfinished


def _is_overload(node: Definition) -> bool:
    return any(isinstance(decorator, ast.Attribute) and decorator.attr in {"setter", "overload"} for decorator in node.decorator_list)
