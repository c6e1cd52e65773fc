"""``Authorization: Basic …`` from a value ``user:password``. Source: RFC 7617."""

from __future__ import annotations

import base64

from agentsecrets.errors import BadInjection
from agentsecrets.model.call import Call
from agentsecrets.proxy.styles.style import Draft, Style, field_conflict, no_slot


def _conflict(call: Call, slot: str) -> str:  # noqa: ARG001  (the signature of all conflict checks)
    return field_conflict(call, "Authorization")


def _write(draft: Draft, slot: str, raw: bytes) -> tuple[bytes, ...]:  # noqa: ARG001  (as above)
    user, colon, password = raw.partition(b":")
    if not colon or any(byte < 0x20 or byte == 0x7F for byte in raw):  # noqa: PLR2004  (ASCII control characters)
        raise BadInjection(problem="a value for basic is user:password without control characters")
    encoded = base64.b64encode(raw)
    draft.fields.append((b"Authorization", b"Basic " + encoded))
    return raw, encoded, password or user


STYLE = Style("basic", no_slot, lambda _: "header authorization", _conflict, _write, pins=True, fixed=True)
