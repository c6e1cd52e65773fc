"""How a transport goes at once, and what stands in its place when it is gone."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import cast

_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""``struct linger``: what was not sent is thrown away, and the other side is told so by a reset (socket(7), winsock.h)."""


def reset(transport: asyncio.Transport) -> None:
    """Ends a TCP connection so that the other side gets an error and no end of file."""
    if not transport.is_closing():
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()


class _Gone:
    """Takes nothing and holds nothing.

    A protocol that kept its lost transport would form a circle with it, and the quarter of a megabyte that a TLS transport reads into
    would wait for the collector.
    """

    def is_closing(self) -> bool:
        """It is closed."""
        return True

    def get_write_buffer_size(self) -> int:
        """Nothing waits in it."""
        return 0

    def write(self, sent: bytes) -> None:
        """Throws the bytes away."""

    def _nothing(self) -> None:
        """Nothing is left to do."""

    close = abort = write_eof = pause_reading = resume_reading = _nothing


GONE = cast("asyncio.Transport", _Gone())
