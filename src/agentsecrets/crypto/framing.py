"""How fields are joined into bytes before they are signed, hashed or authenticated."""

from __future__ import annotations

from agentsecrets.errors import FormatUnknown

_LENGTH = 4


def frame(*fields: bytes) -> bytes:
    """Joins fields so that no two lists of fields give the same bytes: each is led by its length, 32 bits, big-endian."""
    return b"".join([len(field).to_bytes(_LENGTH, "big") + field for field in fields])


def unframe(framed: bytes, count: int, kind: str) -> list[bytes]:
    """Splits what ``frame`` joined.

    Raises:
        FormatUnknown: Unless there are exactly ``count`` fields and nothing behind them.
    """
    fields: list[bytes] = []
    at = 0
    while at < len(framed):
        start = at + _LENGTH
        at = start + int.from_bytes(framed[at:start], "big")
        if at > len(framed) or len(fields) == count:
            raise FormatUnknown(kind=kind)
        fields.append(framed[start:at])
    if len(fields) != count:
        raise FormatUnknown(kind=kind)
    return fields


def pae(kind: str, payload: bytes) -> bytes:
    """Pre-authentication encoding: what a signature covers.

    Source: DSSE v1.0 protocol, https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
    """
    name = f"application/vnd.agentsecrets.{kind}.v1".encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)
