"""Spans of time as a person writes them."""

from __future__ import annotations

import re

from agentsecrets.errors import BadUsage

_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str, flag: str) -> int:
    """Reads a span such as 30m, 8h or 2d; a number alone is seconds.

    Args:
        text: What was typed.
        flag: The flag that it was typed for.

    Raises:
        BadUsage
    """
    found = _SPAN.fullmatch(text)
    if found is None:
        raise BadUsage(problem=f"{flag} takes a time such as 30m, 8h or 2d")
    return int(found[1]) * _SECONDS[found[2]]
