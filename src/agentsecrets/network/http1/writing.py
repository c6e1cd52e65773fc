"""Writing heads and chunks, and waiting for the other side to take them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from agentsecrets.model.call import Field
from agentsecrets.wire.lines import lines_of, section


def head_bytes(first_line: bytes, fields: Iterable[Field]) -> bytes:
    """A head, its blank line included.

    Raises:
        BadHeader: When CR, LF or NUL stands anywhere in a line: nothing is ever written then.
    """
    return section([first_line, *map(b": ".join, fields)]) + b"\r\n"


def chunk_bytes(chunk: bytes) -> bytes:
    """One chunk of a chunked body (RFC 9112 §7.1); never empty, because an empty one would end the body."""
    return b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunk else b""


def last_chunk(trailers: Iterable[Field] = ()) -> bytes:
    """The end of a chunked body with its trailer section.

    Raises:
        BadHeader: As for a head.
    """
    return b"0\r\n" + lines_of(trailers) + b"\r\n"


class Gate:
    """Open while the transport takes bytes, shut while its buffer is full.

    Args:
        seconds: How long the other side may leave it shut.
        stalled: Called when it did so for longer while somebody waited.
    """

    __slots__ = ("_closed", "_seconds", "_stalled", "_waiters", "shut_now")

    def __init__(self, seconds: float, stalled: Callable[[], None]) -> None:
        self._seconds = seconds
        self._stalled = stalled
        self._closed = False
        self._waiters: list[asyncio.Future[None]] = []
        self.shut_now = False

    def shut(self) -> None:
        """The transport's buffer is full."""
        self.shut_now = not self._closed

    def open(self) -> None:
        """The transport takes bytes again."""
        self.shut_now = False
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    def close(self) -> None:
        """The transport is gone: nobody waits any longer."""
        self._closed = True
        self.open()

    async def passed(self) -> None:
        """Waits until the transport takes bytes, or is gone."""
        loop = asyncio.get_running_loop()
        while self.shut_now:
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.append(waiter)
            timer = loop.call_later(self._seconds, self._stalled)
            try:
                await waiter
            finally:
                timer.cancel()
