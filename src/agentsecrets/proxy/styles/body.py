"""A member of a JSON body, by path: ``auth.token``. Source: RFC 8259."""

from __future__ import annotations

import json
import re
from typing import Any

from agentsecrets.errors import BadBody, BadInjection, ConflictingCredentials
from agentsecrets.proxy.styles.style import Draft, Style, no_conflict
from agentsecrets.wire.strict_json import strict_decoder

DEEPEST = 64
"""Deepest nesting of a JSON body."""
_LONGEST_PATH = 512


def _check_slot(slot: str) -> None:
    parts = slot.split(".")
    if len(slot) > _LONGEST_PATH or len(parts) > DEEPEST or not slot.isprintable() or not all(parts):
        raise BadInjection(problem="a JSON path is names joined by dots, such as auth.token")


def _write(draft: Draft, slot: str, raw: bytes) -> tuple[bytes, ...]:
    try:
        value = raw.decode()
    except UnicodeDecodeError:
        raise BadInjection(problem="the value is not text, and JSON holds only text") from None
    body = draft.body or b"{}"
    document = _read(body)
    *parents, last = slot.split(".")
    inner, missing = _descend(document, parents)
    if not missing and last in inner:
        raise ConflictingCredentials(slot=f"the body member {slot}")
    member = _nested([*missing, last], value)
    draft.body = _inserted(body.decode(), parents[: len(parents) - len(missing)], member).encode()
    return (raw,)


def _descend(document: dict[str, Any], parents: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The object that a path leads to as far as it exists, and the names that do not."""
    inner: Any = document
    for position, name in enumerate(parents):
        if name not in inner:
            return inner, parents[position:]
        inner = inner[name]
        if not isinstance(inner, dict):
            raise BadBody(problem="the JSON path leads through something that is not an object")
    return inner, []


def _nested(names: list[str], value: str) -> str:
    """``"a":{"b":"value"}``."""
    quoted = [json.dumps(name, ensure_ascii=False) for name in names]
    return ":{".join(quoted) + ":" + json.dumps(value, ensure_ascii=False) + "}" * (len(names) - 1)


def _inserted(text: str, path: list[str], member: str) -> str:
    r"""The same text with a member added to the object at a path: not one character of what the agent wrote is written anew.

    Numbers keep their digits (``1e400``, thirty decimals) and strings their escapes (a lone ``\ud800``).
    """
    start = _SPACE.match(text, 0).end()  # type: ignore[union-attr]
    for name in path:
        start = _member(text, start, name)
    inner, end = _DECODER.raw_decode(text, start)
    return f"{text[: end - 1]}{',' if inner else ''}{member}{text[end - 1 :]}"


def _member(text: str, start: int, wanted: str) -> int:
    """Where the value of a member begins, in valid JSON without duplicate names."""
    at = start + 1
    while True:
        name, at = _DECODER.raw_decode(text, _SPACE.match(text, at).end())  # type: ignore[union-attr]
        at = _SPACE.match(text, _SPACE.match(text, at).end() + 1).end()  # type: ignore[union-attr]
        if name == wanted:
            return at
        _, at = _DECODER.raw_decode(text, at)
        at = _SPACE.match(text, at).end() + 1  # type: ignore[union-attr]


def _read(body: bytes) -> dict[str, Any]:
    try:
        document = _DECODER.decode(body.decode())
    except (ValueError, RecursionError):
        raise BadBody(problem="it is not JSON, or an object has two members of one name") from None
    if not isinstance(document, dict):
        raise BadBody(problem="it is JSON, but not an object")
    if _depth(document) > DEEPEST:
        raise BadBody(problem=f"it is nested deeper than {DEEPEST}")
    return document


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


_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = strict_decoder(number=str)  # a number is never converted: it may be longer than Python reads


STYLE = Style("body", _check_slot, lambda slot: f"body {slot}", no_conflict, _write, body="json")
