"""What an upstream had sent before writing to it failed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator

from agentsecrets.network.tls import FedObject

_PIECE = 64 * 1024

_MOST = 4 * 1024 * 1024
"""Bytes read in one go at most. What a connection that is gone still holds is bounded by the kernel's receive buffer."""


class Remains:
    """A second handle on a connection, by which what has arrived is read after its transport failed to write and closed the first.

    An upstream that refuses a large upload answers and closes. Our next write then fails, and a transport that fails to write throws away
    what it has not read: the answer. The kernel keeps that until the last handle is closed (tcp(7); curl and httpx read on, too, when a
    write fails).

    Args:
        transport: An open one, with TLS or without.

    Attributes:
        ended: Whether the upstream's own closing alert was read. Without TLS nothing tells an end from a reset here, and it stays False.

    Raises:
        OSError: When no more files can be open.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self.ended = False
        self._socket: socket.socket = transport.get_extra_info("socket").dup()
        self._socket.setblocking(False)
        self._tls: FedObject | None = transport.get_extra_info("ssl_object")

    def read(self) -> Iterator[bytes]:
        """Whatever has arrived, in order, 4 MiB at most. Only for a connection whose transport is gone: nobody else reads it then."""
        left = _MOST
        while left > 0 and (piece := self._received() if self._tls is None else self._opened(self._tls)):
            left -= len(piece)
            yield piece

    def close(self) -> None:
        """Closes this handle. Until then the connection is not closed."""
        self._socket.close()

    def _received(self) -> bytes:
        """The next bytes off the wire; nothing when no more are there, whatever the reason."""
        with contextlib.suppress(OSError):
            return self._socket.recv(_PIECE)
        return b""

    def _opened(self, tls: FedObject) -> bytes:
        """The next bytes out of whole TLS records."""
        with contextlib.suppress(ssl.SSLError):
            while True:
                try:
                    piece = tls.read(_PIECE)
                except ssl.SSLWantReadError:
                    if not (received := self._received()):
                        return b""
                    tls.incoming.write(received)
                else:
                    self.ended = not piece
                    return piece
        return b""
