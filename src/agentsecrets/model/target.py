"""The parsed form of a target URL; ``proxy/target.py`` holds the one parser that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DEFAULT_PORTS: dict[str, int] = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: the same object decides and is written on the wire.

    Attributes:
        scheme: ``https``, or ``http`` for an allowlisted loopback host.
        host: Lower-case A-labels, a canonical IPv4 literal, or a canonical IPv6 literal without brackets.
        port: 1 to 65535.
        path: Begins with ``/``; ASCII, percent-encoding as given.
        query: What stands after ``?``, or None when there is no ``?``.
        literal: Whether the host is an IP literal.
    """

    scheme: Literal["https", "http"]
    host: str
    port: int
    path: str
    query: str | None = None
    literal: bool = False

    @property
    def authority(self) -> str:
        """Host and, unless it is the scheme's default, port: the value of the ``Host`` field (RFC 9110 §7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def without_query(self) -> str:
        """The URL without its query, as the log shows it."""
        return f"{self.scheme}://{self.authority}{self.path}"
