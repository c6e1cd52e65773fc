"""A query parameter, e.g. ``?key=VALUE``. Source: WHATWG URL, application/x-www-form-urlencoded."""

from __future__ import annotations

from urllib.parse import quote

from agentsecrets.errors import BadInjection
from agentsecrets.model.call import Call
from agentsecrets.proxy.styles.style import Draft, Style, parameter_conflict

_LONGEST_NAME = 256


def _check_slot(slot: str) -> None:
    if not slot or len(slot) > _LONGEST_NAME or not slot.isprintable():
        raise BadInjection(problem="a query parameter has a name of 1 to 256 printable characters")


def _conflict(call: Call, slot: str) -> str:
    return f"the query parameter {slot}" if parameter_conflict(call.target.query or "", slot) else ""


def _write(draft: Draft, slot: str, raw: bytes) -> tuple[bytes, ...]:
    parameter = f"{quote(slot, safe='')}={quote(raw, safe='')}"
    draft.set_query(f"{draft.query}&{parameter}" if draft.query else parameter)
    return (raw,)


STYLE = Style("query", _check_slot, lambda slot: f"query {slot}", _conflict, _write)
