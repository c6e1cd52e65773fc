"""The source tree as the architecture tests read it: modules, what they import, what they define."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "src" / "agentsecrets"

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Module:
    """One file of the package.

    Attributes:
        name: Dotted name below ``agentsecrets``, empty for the package itself.
        path: Where it lies, relative to the repository.
        text: Its source.
    """

    name: str
    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def imports(self) -> frozenset[str]:
        """Full dotted names of everything imported anywhere in the file, functions and type checking included."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.path}:{node.lineno} imports relatively"
                assert node.module is not None
                found.update(f"{node.module}.{alias.name}" for alias in node.names)
        return frozenset(found)

    @cached_property
    def own_imports(self) -> frozenset[str]:
        """Names below ``agentsecrets`` of the modules of ours that it imports."""
        return frozenset(_module_of(name) for name in self.imports if name.split(".")[0] == "agentsecrets")

    @property
    def floor(self) -> str:
        """The first part of its name: the package or top-level module that it belongs to."""
        return self.name.split(".")[0]

    def definitions(self) -> Iterator[Definition]:
        """Every function and class, nested ones included."""
        for node in ast.walk(self.tree):
            if isinstance(node, Definition):
                yield node


@lru_cache(maxsize=1)
def modules() -> dict[str, Module]:
    """All modules of the package by name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = Module(name, path.relative_to(REPOSITORY).as_posix(), path.read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(modules())


def _module_of(imported: str) -> str:
    """The module that ``agentsecrets.a.b.name`` comes from: the longest prefix that is a file."""
    parts = imported.split(".")[1:]
    while parts and ".".join(parts) not in _names():
        parts.pop()
    return ".".join(parts)


def reachable(start: str) -> dict[str, str]:
    """Every module that is loaded by importing one, with the importer through which it was first found."""
    found = {start: ""}
    waiting = [start]
    while waiting:
        current = waiting.pop()
        loaded = set(modules()[current].own_imports)
        for name in list(loaded):
            parts = name.split(".")
            loaded.update(".".join(parts[:count]) for count in range(1, len(parts)))
        for name in sorted(loaded - found.keys()):
            found[name] = current
            waiting.append(name)
    return found
