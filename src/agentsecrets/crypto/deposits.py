"""A typed value on its way to the daemon, sealed together with what it is for."""

from __future__ import annotations

from collections.abc import Sequence

from agentsecrets.crypto.boxes import SealingKey, seal_to
from agentsecrets.crypto.framing import frame, unframe
from agentsecrets.errors import RecordCorrupt

_VERSION = b"\x01"
_DEPOSIT = b"deposit"


def seal_deposit(public: bytes, meant: Sequence[str], value: bytes) -> bytes:
    """Seals a value to the daemon's deposit key.

    Args:
        public: That key.
        meant: Key name, folder, project and environment as the command named them: whoever carries the box cannot give it another use.
        value: What was typed.
    """
    return seal_to(public, _VERSION + frame(_DEPOSIT, *_encoded(meant), value))


def open_deposit(key: SealingKey, meant: Sequence[str], sealed: bytes) -> bytes:
    """Opens a deposit.

    Raises:
        RecordCorrupt: When it was altered, sealed to another key, or meant for something else.
        FormatUnknown: When it is not a deposit.
    """
    plain = key.open(sealed)
    if plain[:1] != _VERSION:
        raise RecordCorrupt
    *told, value = unframe(plain[1:], len(meant) + 2, "deposit")
    if told != [_DEPOSIT, *_encoded(meant)]:
        raise RecordCorrupt
    return value


def _encoded(meant: Sequence[str]) -> list[bytes]:
    return [text.encode("utf-8", "surrogateescape") for text in meant]
