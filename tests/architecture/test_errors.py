"""The error tree: every leaf is used, its words can be said, and its hint names what exists."""

from __future__ import annotations

import ast
import string

import pytest

from agentsecrets.errors import FAMILIES, AgentSecretsError, leaves
from tests.architecture.source import modules

LEAVES = sorted(leaves().values(), key=lambda leaf: leaf.slug)


ACTS = {
    "ask", "call", "check", "choose", "end", "free", "give", "leave", "look", "make", "mend", "move", "name", "remove", "restore", "run",
    "see", "send", "try", "type", "use", "wait", "write",
}  # fmt: skip
"""How a hint begins that names no command: with what to do."""


def _blanks(leaf: type[AgentSecretsError]) -> set[str]:
    """The subjects that words and hint speak of."""
    return {field for text in (leaf.words, leaf.mend) for _, field, _, _ in string.Formatter().parse(text) if field}


def _mentioned() -> list[tuple[str, str, ast.Call | None]]:
    """Every use of a leaf outside the tree itself: where, its class name, and the call when it is made there."""
    found: list[tuple[str, str, ast.Call | None]] = []
    for module in modules().values():
        calls = {id(node.func): node for node in ast.walk(module.tree) if isinstance(node, ast.Call)}
        if module.name != "errors":
            names = [node for node in ast.walk(module.tree) if isinstance(node, ast.Name) and node.id in BY_CLASS]
            found += [(f"{module.path}:{node.lineno}", node.id, calls.get(id(node))) for node in names]
    return found


BY_CLASS = {leaf.__name__: leaf for leaf in LEAVES}


def test_no_two_leaves_share_a_slug():
    every = [leaf for family in FAMILIES for leaf in family.__subclasses__()]
    assert len(every) == len(LEAVES)


def test_each_family_has_an_exit_code_of_its_own():
    assert len({family.exit_code for family in FAMILIES}) == len(FAMILIES)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.slug)
def test_a_leaf_has_a_slug_words_and_a_hint(leaf: type[AgentSecretsError]):
    assert leaf.slug.replace("_", "").isalpha()
    assert leaf.slug == leaf.slug.lower()
    assert leaf.words
    assert leaf.mend
    assert not leaf.words.endswith(".")
    failure = leaf(**dict.fromkeys(_blanks(leaf), "x"))
    assert "{" not in failure.message + failure.hint


def test_whoever_raises_a_leaf_names_its_subjects():
    wrong = []
    for where, name, call in _mentioned():
        if call is None:
            continue
        given = {keyword.arg for keyword in call.keywords}
        if call.args or (None not in given and not _blanks(BY_CLASS[name]) <= given):
            wrong.append(f"{where} {name} wants {sorted(_blanks(BY_CLASS[name]))}")
    assert not wrong


def test_a_leaf_that_is_raised_bare_has_no_subjects():
    raised_bare = {
        (f"{module.path}:{node.lineno}", node.exc.id)
        for module in modules().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and node.exc.id in BY_CLASS
    }
    assert not [(where, name) for where, name in raised_bare if _blanks(BY_CLASS[name])]


def test_no_leaf_is_left_unused():
    assert not sorted(BY_CLASS.keys() - {name for _, name, _ in _mentioned()})


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.slug)
def test_a_hint_says_what_to_type_or_to_do(leaf: type[AgentSecretsError]):
    assert "agentsecrets " in leaf.mend or leaf.mend.split()[0].strip(",:") in ACTS, leaf.mend
