"""The hash chain over the log's rows."""

from __future__ import annotations

import hashlib

import msgspec

from agentsecrets.errors import FormatUnknown
from agentsecrets.model.event import Event
from agentsecrets.model.statement import read_json

VERSION = b"\x01"
_JSON = msgspec.json.Encoder()
START = bytes(32)
"""What the first row follows."""


def link(previous: bytes, payload: bytes) -> bytes:
    """The hash of a row: SHA-256 over the hash before and the row's exact bytes, framed as by ``frame``."""
    return hashlib.sha256(len(previous).to_bytes(4) + previous + len(payload).to_bytes(4) + payload).digest()


def encode(event: Event) -> bytes:
    """The bytes of a row: version, then JSON."""
    return VERSION + _JSON.encode(event)


def decode(payload: bytes) -> Event:
    """Reads the bytes of a row.

    Raises:
        FormatUnknown: When this version did not write them.
    """
    if payload[:1] != VERSION:
        raise FormatUnknown(kind="log row")
    return read_json(payload[1:], Event, "log row")
