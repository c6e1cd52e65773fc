"""Whatever a hint or a document tells a person to type exists: the command, and each of its flags."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentsecrets.errors import leaves
from tests.architecture.source import REPOSITORY, Module, modules

COMMANDS = REPOSITORY / "docs" / "reference" / "commands.md"
DOCUMENTS = sorted([REPOSITORY / "README.md", *(path for path in (REPOSITORY / "docs").rglob("*.md") if path != COMMANDS)])

_SECTION = re.compile(r"^## `agentsecrets ?([a-z -]*)`\n\n```text\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
_TYPED = re.compile(
    r"(?:^|[^\w/.-])agentsecrets((?: (?!and |or |was |is |has )[a-z][a-z-]+)+)((?: +(?:--?[a-z-]+|[^\s`;|)#]+))*)", re.MULTILINE
)
_FLAG = re.compile(r"(?<=\s)--[a-z-]+")
_FENCE = re.compile(r"```(?:sh|console)\n(.*?)```", re.DOTALL)
_CODE = re.compile(r"`(agentsecrets [^`]+)`")


def _known() -> dict[tuple[str, ...], str]:
    return {tuple(words.split()): text for words, text in _SECTION.findall(COMMANDS.read_text(encoding="utf-8"))}


def _unknown(text: str) -> list[str]:
    """What a text tells to type and does not exist."""
    known, wrong = _known(), []
    for line in text.replace("\\\n", " ").splitlines():
        for words, rest in _TYPED.findall(" " + line):
            path = tuple(words.split())
            while path and path not in known:
                path = path[:-1]
            group_only = "Commands:" in known.get(path, "") and len(words.split()) > len(path)
            if not path or group_only:
                wrong.append(f"agentsecrets{words}")
            wrong += [f"agentsecrets {' '.join(path)} {flag}" for flag in _FLAG.findall(rest) if flag not in known.get(path, "") + "--help"]
    return wrong


@pytest.mark.parametrize("slug", sorted(leaves()))
def test_a_hint_names_commands_that_exist(slug: str):
    assert not _unknown(leaves()[slug].mend)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_what_a_document_tells_to_type_exists(path: Path):
    text = path.read_text(encoding="utf-8")
    typed = "\n".join([*_FENCE.findall(text), *_CODE.findall(text)])
    assert not _unknown(typed)


def _texts(module: Module) -> Iterator[str]:
    """Every text of a module but its docstrings; what is filled in stands as ``X``."""
    inside = {id(part) for node in ast.walk(module.tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    said = {id(node.value) for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (inside | said):
            yield node.value


@pytest.mark.parametrize("module", [module for module in modules().values() if module.name != "errors"], ids=lambda module: module.path)
def test_what_the_program_tells_to_type_exists(module: Module):
    assert not [unknown for text in _texts(module) for unknown in _unknown(text)]
