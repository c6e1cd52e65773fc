"""What the Python clients share: reading orders, making bodies, telling what came."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SHORT = 65536
BLOCK = Path(sys.argv[1]).read_bytes()
AUTHORITY = sys.argv[2]


def orders() -> Iterator[dict[str, Any]]:
    """The requests that are asked for, one after the other."""
    for line in sys.stdin:
        yield json.loads(line)


def tell(**told: Any) -> None:
    """Says one thing."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def body(size: int) -> Iterator[bytes]:
    """The body of a request, in parts."""
    while size > 0:
        yield BLOCK[:size]
        size -= len(BLOCK)


def read_on() -> None:
    """Says that the head is in and waits until the body may be read."""
    tell(event="head")
    sys.stdin.readline()


class Left(Exception):
    """The client was told to leave here."""


@dataclass
class Came:
    """What came of one request."""

    order: dict[str, Any]
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    first: bytes = b""

    def add(self, part: bytes) -> None:
        """A part of the body has come."""
        self.size += len(part)
        self.digest.update(part)
        if len(self.first) < SHORT:
            self.first += part[: SHORT - len(self.first)]
        if self.order.get("parts"):
            tell(event="part", text=part.decode("latin-1"))
        if self.order.get("leave") is not None and self.size >= self.order["leave"]:
            raise Left

    def end(self, status: int, headers: list[tuple[bytes, bytes]], error: BaseException | None) -> None:
        """Tells all of it."""
        tell(
            event="end",
            status=status,
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers],
            bytes=self.size,
            sha256=self.digest.hexdigest(),
            text=self.first.decode("latin-1") if self.size <= SHORT else None,
            error=None if error is None else type(error).__name__,
        )
