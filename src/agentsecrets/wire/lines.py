"""Lines of a head as they stand on the wire."""

from __future__ import annotations

from collections.abc import Iterable

from agentsecrets.errors import BadHeader
from agentsecrets.model.call import Field


def lines_of(fields: Iterable[Field]) -> bytes:
    """Header fields, each on a line of its own.

    Raises:
        BadHeader: When CR, LF or NUL stands anywhere in a line: nothing is ever written then.
    """
    return section([*map(b": ".join, fields)])


def section(lines: list[bytes]) -> bytes:
    """Lines, each with its end.

    Raises:
        BadHeader: As for fields.
    """
    joined = b"\r\n".join(lines) + b"\r\n" if lines else b""
    if len(joined.splitlines()) != len(lines) or 0 in joined:  # any CR or LF beside ours makes one line more
        raise BadHeader(problem="it holds a line break or NUL")
    return joined
