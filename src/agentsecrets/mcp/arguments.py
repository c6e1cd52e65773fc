"""Checking a tool's arguments against its schema: the few words of JSON Schema that the tools use, and nothing beyond the schema."""

from __future__ import annotations

import re

Schema = dict[str, object]

_KINDS: dict[object, tuple[type, ...]] = {"object": (dict,), "string": (str,), "integer": (int,)}


def problem_with(arguments: object, schema: Schema, name: str = "the arguments") -> str:
    """What does not fit, in words that never repeat what was sent; empty when everything does.

    Args:
        arguments: What was sent.
        schema: With ``type`` (object, string or integer), ``enum``, ``pattern``, ``minLength``, ``maxLength``, ``minimum``, ``maximum``,
            ``required``, ``properties`` and ``additionalProperties`` (False, or the schema of all others).
        name: How the words call it.
    """
    kind = schema["type"]
    if not isinstance(arguments, _KINDS[kind]) or isinstance(arguments, bool):
        return f"{name} must be of type {kind}"
    if isinstance(arguments, str):
        return _text_problem(arguments, schema, name)
    if isinstance(arguments, int):
        low, high = schema["minimum"], schema["maximum"]
        assert isinstance(low, int)
        assert isinstance(high, int)
        return "" if low <= arguments <= high else f"{name} is a number from {low} to {high}"
    assert isinstance(arguments, dict)
    return _object_problem(arguments, schema, name)


def _text_problem(text: str, schema: Schema, name: str) -> str:
    choices, shortest, longest = schema.get("enum"), schema.get("minLength", 0), schema.get("maxLength", 1 << 24)
    assert isinstance(shortest, int)
    assert isinstance(longest, int)
    if isinstance(choices, list) and text not in choices:
        return f"{name} is one of {', '.join(choices)}"
    if not shortest <= len(text) <= longest:
        return f"{name} has {shortest} to {longest} characters"
    if "pattern" in schema and re.fullmatch(str(schema["pattern"]).removeprefix("^").removesuffix("$"), text) is None:
        return f"{name} must match {schema['pattern']}"
    return "" if _is_text(text) else f"{name} holds half of a surrogate pair"


def _object_problem(members: dict[str, object], schema: Schema, name: str) -> str:
    required, properties, others = schema.get("required", []), schema.get("properties", {}), schema["additionalProperties"]
    assert isinstance(required, list)
    assert isinstance(properties, dict)
    missing = [word for word in required if word not in members]
    if missing:
        return f"{missing[0]} is missing"
    for word, member in members.items():
        if word in properties:
            found = problem_with(member, properties[word], word)
        elif isinstance(others, dict):
            found = problem_with(member, others, f"each member of {name}") if _is_text(word) else f"{name} holds half of a surrogate pair"
        else:
            found = f"{name} may have: {', '.join(properties)}" if properties else f"{name} must be empty"
        if found:
            return found
    return ""


def _is_text(text: str) -> bool:
    """Whether it can be written in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
