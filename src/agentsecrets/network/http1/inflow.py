"""A body as it arrives: bytes wait here for their reader, and the sender is told to wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agentsecrets.network.http1.deadline import Deadline


class Inflow:
    """A bounded queue between a protocol (which puts) and one reader (which takes).

    Args:
        limit: Bytes that may wait before the sender is paused.
        pause: Called with True to pause the sender, with False to let it go on.
        deadline: The connection's; it is set only while the reader waits.
        seconds: How long the reader waits for the next byte.
    """

    __slots__ = ("_chunks", "_deadline", "_ended", "_failure", "_limit", "_pause", "_paused", "_reader", "_seconds", "_size")

    def __init__(self, limit: int, pause: Callable[[bool], None], deadline: Deadline, seconds: float) -> None:
        self._chunks: list[bytes] = []
        self._size = 0
        self._limit = limit
        self._pause = pause
        self._paused = False
        self._deadline = deadline
        self._seconds = seconds
        self._ended = False
        self._failure: Exception | None = None
        self._reader: asyncio.Future[None] | None = None

    @property
    def open(self) -> bool:
        """Whether more bytes are expected."""
        return not self._ended and self._failure is None

    @property
    def ended(self) -> bool:
        """Whether the sender has sent everything."""
        return self._ended

    @property
    def drained(self) -> bool:
        """Whether the reader has also taken everything."""
        return self._ended and not self._chunks

    def put(self, chunk: bytes) -> None:
        """Adds bytes that have arrived."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size > self._limit and not self._paused:
            self._paused = True
            self._pause(True)
        self._wake()

    def end(self) -> None:
        """Says that the body is complete."""
        self._ended = True
        self._wake()

    def fail(self, failure: Exception) -> None:
        """Says that the body broke off; the reader gets what came before, then the failure."""
        if self.open:
            self._failure = failure
            self._wake()

    async def take(self) -> bytes | None:
        """All bytes that wait, or None at the end of the body.

        Raises:
            Exception: What ``fail`` was given.
        """
        while not self._chunks:
            if self._failure is not None:
                raise self._failure
            if self._ended:
                return None
            self._reader = asyncio.get_running_loop().create_future()
            self._deadline.set(self._seconds)
            try:
                await self._reader
            finally:
                self._deadline.clear()
                self._reader = None
        taken = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        if self._paused:
            self._paused = False
            self._pause(False)
        return taken

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
