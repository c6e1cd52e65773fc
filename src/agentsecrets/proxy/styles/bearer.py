"""``Authorization: Bearer VALUE``. Source: RFC 6750 §2.1."""

from __future__ import annotations

from agentsecrets.model.call import Call
from agentsecrets.proxy.styles.header import checked
from agentsecrets.proxy.styles.style import Draft, Style, field_conflict, no_slot


def _conflict(call: Call, slot: str) -> str:  # noqa: ARG001  (the signature of all conflict checks)
    return field_conflict(call, "Authorization")


def _write(draft: Draft, slot: str, raw: bytes) -> tuple[bytes, ...]:  # noqa: ARG001  (as above)
    draft.fields.append((b"Authorization", b"Bearer " + checked(raw)))
    return (raw,)


STYLE = Style("bearer", no_slot, lambda _: "header authorization", _conflict, _write, pins=True, fixed=True)
