"""What a format can do, and what all of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]
"""Where something stands: the names from the outside in."""


class Unreadable(Exception):
    """A text that cannot be read, or only in more than one way.

    Attributes:
        line: Where, from 1; 0 when it is not known. The text itself is never repeated: settings hold tokens of others.
    """

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Format:
    """One language of settings.

    Attributes:
        read: A text as plain objects, lists and scalars; an empty text is an empty object. Raises Unreadable.
        put: The text with an object at a path, whatever stood there before replaced; the path is made where it is missing.
        remove: The text without what stands at a path.
    """

    read: Callable[[str], dict[str, Any]]
    put: Callable[[str, Path, dict[str, Any]], str]
    remove: Callable[[str, Path], str]


def with_member(document: dict[str, Any], path: Path, member: dict[str, Any] | None) -> dict[str, Any]:
    """A document in which an object stands at a path, or, for None, nothing does: what an edited text must read as."""
    first, *further = path
    inner = document.get(first, {})
    if further:
        return {**document, first: with_member(inner if isinstance(inner, dict) else {}, tuple(further), member)}
    rest = {name: value for name, value in document.items() if name != first or member is not None}
    return rest if member is None else {**rest, first: member}


def without_empty(document: dict[str, Any], path: Path) -> dict[str, Any]:
    """A document without the objects on a path that hold nothing: some languages cannot say that they are there."""
    first, *further = path
    inner = document.get(first)
    if further and isinstance(inner, dict):
        inner = without_empty(inner, tuple(further))
    rest = {name: value for name, value in document.items() if name != first}
    return rest if inner in (None, {}) else {**rest, first: inner}


def reached(document: dict[str, Any], path: Path) -> Any:
    """What stands at a path, None when there is nothing.

    Raises:
        Unreadable: When something on the way is not an object.
    """
    found: Any = document
    for name in path:
        if not isinstance(found, dict):
            raise Unreadable(0)
        found = found.get(name)
        if found is None:
            return None
    return found
