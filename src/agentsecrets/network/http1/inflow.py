"""A body as it arrives: its reader is woken or handed the bytes at once, and the sender is told to wait for a slow one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agentsecrets.network.http1.deadline import Deadline
from agentsecrets.ports import Sink


class Inflow:
    """A bounded queue between a protocol (which puts) and one reader (which takes, or has the bytes poured into a sink).

    Args:
        limit: Bytes that may wait before the sender is paused.
        pause: Called with True to pause the sender, with False to let it go on.
        deadline: The connection's; it is set only while the reader waits.
        seconds: How long the reader waits for the next byte.

    Attributes:
        open: Whether more bytes are expected.
        ended: Whether the sender has sent everything.
    """

    __slots__ = (
        "_chunks",
        "_deadline",
        "_failure",
        "_limit",
        "_pause",
        "_paused",
        "_reader",
        "_seconds",
        "_sink",
        "_size",
        "ended",
        "open",
    )

    def __init__(self, limit: int, pause: Callable[[bool], None], deadline: Deadline, seconds: float) -> None:
        self._chunks: list[bytes] = []
        self._size = 0
        self._limit = limit
        self._pause = pause
        self._paused = False
        self._deadline = deadline
        self._seconds = seconds
        self._failure: Exception | None = None
        self._reader: asyncio.Future[bool] | None = None
        self._sink: Sink | None = None
        self.open = True
        self.ended = False

    @property
    def drained(self) -> bool:
        """Whether the reader has also taken everything."""
        return self.ended and not self._chunks

    def put(self, chunk: bytes) -> None:
        """Adds bytes that have arrived."""
        sink = self._sink
        if sink is None:
            self._keep(chunk)
            return
        try:
            more = sink(chunk)
        except Exception as failure:  # noqa: BLE001  (it concerns the reader, not the connection that happened to bring the bytes)
            self.fail(failure)
            return
        if more:
            self._deadline.set(self._seconds)
        else:
            self._sink = None
            self._wake(more=False)

    def _keep(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size > self._limit and not self._paused:
            self._paused = True
            self._pause(True)
        self._wake()

    def end(self) -> None:
        """Says that the body is complete."""
        self.open, self.ended = False, True
        self._wake()

    def fail(self, failure: Exception) -> None:
        """Says that the body broke off; the reader gets what came before, then the failure."""
        if self.open:
            self.open, self._failure = False, failure
            self._wake()

    async def take(self) -> bytes | None:
        """All bytes that wait, or None at the end of the body.

        Raises:
            Exception: What ``fail`` was given.
        """
        while not self._chunks:
            if self._has_ended():
                return None
            await self._woken()
        return self._taken()

    async def pour(self, sink: Sink) -> bool:
        """Hands over what waits and then what comes, from the read that brings it, until the sink takes no more or the body ends.

        Args:
            sink: Called with bytes; says whether it takes more now. What it raises comes out here, and the body is not read on.

        Returns:
            Whether the body has ended; else the sink takes no more now.

        Raises:
            Exception: What ``fail`` was given.
        """
        while True:
            if self._chunks:
                if not sink(self._taken()):
                    return False
            elif self._has_ended():
                return True
            elif not await self._handed_over(sink):
                return False

    async def _handed_over(self, sink: Sink) -> bool:
        """Waits while ``put`` hands the sink what comes; answers whether it takes more."""
        self._sink = sink
        try:
            return await self._woken()
        finally:
            self._sink = None

    def _has_ended(self) -> bool:
        """Whether the body is complete. What it broke off with is raised and forgotten: the frames that it remembers hold bytes of it."""
        if self._failure is None:
            return self.ended
        failure, self._failure = self._failure, ConnectionResetError()
        try:
            raise failure
        finally:
            del failure

    def _taken(self) -> bytes:
        taken = b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        if self._paused:
            self._paused = False
            self._pause(False)
        return taken

    async def _woken(self) -> bool:
        """Waits until something is there to be taken or said; answers whether a sink takes more."""
        self._reader = asyncio.get_running_loop().create_future()
        self._deadline.set(self._seconds)
        try:
            return await self._reader
        finally:
            self._deadline.clear()
            self._reader = None

    def _wake(self, *, more: bool = True) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(more)
