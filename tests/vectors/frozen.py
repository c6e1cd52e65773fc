"""Reads the frozen bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def frozen(name: str) -> Any:
    """One vector: what was given and the bytes that came of it, ``{"hex": …}`` as bytes."""
    return json.loads((FOLDER / f"{name}.v1.json").read_text(encoding="utf-8"), object_hook=_bytes)


def altered(raw: bytes, at: int) -> bytes:
    """The same bytes with one bit of one byte turned."""
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


def every_alteration(raw: bytes) -> list[bytes]:
    """The same bytes with one bit turned, for each byte."""
    return [altered(raw, at) for at in range(len(raw))]


def cut_or_grown(raw: bytes) -> list[bytes]:
    """The same bytes without their end, without their beginning, and with a byte more."""
    return [raw[:-1], raw[1:], raw[: len(raw) // 2], b"", raw + b"\0"]


def _bytes(members: dict[str, Any]) -> Any:
    return bytes.fromhex(members["hex"]) if members.keys() == {"hex"} else members
