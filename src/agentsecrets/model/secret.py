"""Key names and the bounds of values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NewType

from agentsecrets.errors import BadKeyName, BadValue, ValueAsName
from agentsecrets.model.value_shapes import VALUE_SHAPE

KeyName = NewType("KeyName", str)

VALUE_LIMIT = 64 * 1024
"""Longest value, in bytes."""

_TOLD = 8

_KEY_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def parse_key_name(text: str) -> KeyName:
    """Accepts a key name, exactly as written.

    Args:
        text: 1 to 128 characters, ``[A-Za-z_][A-Za-z0-9_]*``.

    Raises:
        BadKeyName: For anything else. The text is not repeated: it may be a value typed in the wrong place.
        ValueAsName: For what could be a name and is known as the shape of a value; names are listed and logged.
    """
    if VALUE_SHAPE.fullmatch(text) is not None:
        raise ValueAsName
    if _KEY_NAME.fullmatch(text) is None:
        raise BadKeyName
    return KeyName(text)


def check_value(value: bytes) -> None:
    """Refuses bytes that cannot be stored as a value.

    Raises:
        BadValue: When empty, longer than 64 KiB, or with a NUL byte.
    """
    if not value:
        raise BadValue(problem="it is empty")
    if len(value) > VALUE_LIMIT:
        raise BadValue(problem=f"it is longer than {VALUE_LIMIT} bytes")
    if b"\0" in value:
        raise BadValue(problem="it holds a NUL byte")


def some_of(names: Sequence[str]) -> str:
    """The first of many names in one line, and how many more there are."""
    more = len(names) - _TOLD
    return ", ".join(names[:_TOLD]) + (f" and {more} more" if more > 0 else "")
