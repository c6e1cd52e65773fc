"""A header field of any name, e.g. ``X-Api-Key: VALUE``. Source: RFC 9110 §5."""

from __future__ import annotations

import re

from agentsecrets.errors import BadInjection
from agentsecrets.proxy.fields import NEVER_FROM_AGENTS, SLICING, TOKEN, as_gateways_read
from agentsecrets.proxy.styles.style import Draft, Style, field_conflict

_VISIBLE = re.compile(rb"[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?")


def checked(raw: bytes) -> bytes:
    """Accepts a value that may stand in a header field.

    Raises:
        BadInjection: For line breaks, other control characters, or white space at its ends. The value is not repeated.
    """
    if _VISIBLE.fullmatch(raw) is None:
        raise BadInjection(problem="the value holds a line break, a control character, or white space at an end")
    return raw


def _check_slot(slot: str) -> None:
    name = as_gateways_read(slot.encode())
    ours = name in NEVER_FROM_AGENTS | SLICING or name.startswith((b"x-as-", b"proxy-", b"x-forwarded-"))
    if ours or TOKEN.fullmatch(slot) is None:
        raise BadInjection(problem="the header name is not one that may be set")


def _write(draft: Draft, slot: str, raw: bytes) -> tuple[bytes, ...]:
    draft.fields.append((slot.encode(), checked(raw)))
    return (raw,)


STYLE = Style(
    "header", _check_slot, lambda slot: f"header {as_gateways_read(slot.encode()).decode()}", field_conflict, _write, pins=True, fixed=True
)
