"""A member of a JSON body, by path: ``auth.token``. Source: RFC 8259."""

from __future__ import annotations

import json
from typing import Any

from agentsecrets.errors import BadBody, BadInjection, ConflictingCredentials
from agentsecrets.proxy.styles.style import Draft, Style, no_conflict

DEEPEST = 64
"""Deepest nesting of a JSON body."""
_LONGEST_PATH = 512


def _check_slot(slot: str) -> None:
    parts = slot.split(".")
    if len(slot) > _LONGEST_PATH or len(parts) > DEEPEST or not slot.isprintable() or not all(parts):
        raise BadInjection(problem="a JSON path is names joined by dots, such as auth.token")


def _write(draft: Draft, slot: str, raw: bytes) -> tuple[bytes, ...]:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise BadInjection(problem="the value is not text, and JSON holds only text") from None
    document = _read(draft.body or b"{}")
    *parents, last = slot.split(".")
    inner: Any = document
    for name in parents:
        inner = inner.setdefault(name, {})
        if not isinstance(inner, dict):
            raise BadBody(problem="the JSON path leads through something that is not an object")
    if last in inner:
        raise ConflictingCredentials(slot=f"the body member {slot}")
    inner[last] = text
    draft.body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return (raw,)


def _read(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body.decode(), object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadBody(problem="it is not JSON, or an object has two members of one name") from None
    if not isinstance(document, dict):
        raise BadBody(problem="it is JSON, but not an object")
    if _depth(document) > DEEPEST:
        raise BadBody(problem=f"it is nested deeper than {DEEPEST}")
    return document


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _no_constant(word: str) -> None:
    raise ValueError(word)


def _depth(document: Any) -> int:
    level, deepest = [document], 0
    while level:
        deepest += 1
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
    return deepest


STYLE = Style("body", _check_slot, lambda slot: f"body {slot}", no_conflict, _write, body="json")
