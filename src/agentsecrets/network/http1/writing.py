"""Writing heads and chunks, and waiting for the other side to take them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from agentsecrets.errors import BadHeader
from agentsecrets.model.call import Field

LAST_CHUNK = b"0\r\n"


def head_bytes(first_line: bytes, fields: Iterable[Field]) -> bytes:
    """A head, its blank line included.

    Raises:
        BadHeader: When CR, LF or NUL stands anywhere in a line: nothing is ever written then.
    """
    lines = [first_line, *(name + b": " + value for name, value in fields)]
    joined = b"".join(lines)
    if b"\r" in joined or b"\n" in joined or b"\0" in joined:
        raise BadHeader(problem="it holds a line break or NUL")
    return b"\r\n".join(lines) + b"\r\n\r\n"


def chunk_bytes(chunk: bytes) -> bytes:
    """One chunk of a chunked body (RFC 9112 §7.1)."""
    return b"%x\r\n%b\r\n" % (len(chunk), chunk)


def last_chunk(trailers: Iterable[Field] = ()) -> bytes:
    """The end of a chunked body with its trailer section."""
    return LAST_CHUNK + b"".join(name + b": " + value + b"\r\n" for name, value in trailers) + b"\r\n"


class Gate:
    """Open while the transport takes bytes, shut while its buffer is full."""

    __slots__ = ("_closed", "_shut", "_waiters")

    def __init__(self) -> None:
        self._shut = False
        self._closed = False
        self._waiters: list[asyncio.Future[None]] = []

    def shut(self) -> None:
        """The transport's buffer is full."""
        self._shut = True

    def open(self) -> None:
        """The transport takes bytes again."""
        self._shut = False
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
        while self._shut and not self._closed:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
