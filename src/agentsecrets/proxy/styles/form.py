"""A field of a form body, e.g. ``client_secret=VALUE``. Source: WHATWG URL, application/x-www-form-urlencoded."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

from agentsecrets.errors import BadBody, BadInjection, ConflictingCredentials
from agentsecrets.proxy.styles.style import Draft, Style, no_conflict, parameter_conflict

_ENCODED = re.compile(rb"(?:[!'-;=?-Z_a-z~$&+]|%[0-9A-Fa-f]{2})*")
_LONGEST_NAME = 256


def _check_slot(slot: str) -> None:
    if not slot or len(slot) > _LONGEST_NAME or not slot.isprintable():
        raise BadInjection(problem="a form field has a name of 1 to 256 printable characters")


def _write(draft: Draft, slot: str, raw: bytes) -> tuple[bytes, ...]:
    body = draft.body or b""
    if _ENCODED.fullmatch(body) is None:
        raise BadBody(problem="it is not application/x-www-form-urlencoded")
    if parameter_conflict(body.decode("ascii"), slot):
        raise ConflictingCredentials(slot=f"the form field {slot}")
    parameter = f"{quote_plus(slot)}={quote_plus(raw)}".encode()
    draft.body = body + b"&" + parameter if body else parameter
    return (raw,)


STYLE = Style("form", _check_slot, lambda slot: f"form {slot}", no_conflict, _write, body="form")
