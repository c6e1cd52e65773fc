"""The way of a body from the upstream to whoever gets it, values taken out.

Bytes that come are searched and handed on within the read that brings them: between two events of a stream nobody has to be woken.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Protocol

from agentsecrets.ports import UpstreamAnswer
from agentsecrets.proxy.clearing import Clearing


class Receiver(Protocol):
    """Who gets a body."""

    def put(self, chunk: bytes) -> bool:
        """Takes bytes, and says whether it takes more now."""
        ...

    async def passed(self) -> None:
        """Waits until it takes more."""
        ...


class Passage:
    """One body on its way.

    Args:
        clearing: What takes values out.
        receiver: Who gets it.
    """

    __slots__ = ("_clearing", "_left", "_put", "_receiver")

    def __init__(self, clearing: Clearing, receiver: Receiver) -> None:
        self._clearing, self._receiver, self._put = clearing, receiver, receiver.put
        self._left: Iterator[bytes] = iter(())
        """What a chunk became by decoding and the receiver did not take yet: up to a thousand times its size."""

    async def pass_on(self, answer: UpstreamAnswer) -> None:
        """Hands a whole body over as it arrives.

        Raises:
            SplitOverEvents, Undecodable, TooLong, Enclosed, and what ``UpstreamAnswer.pour`` raises.
        """
        sink = self._decode if self._clearing.decodes else self._clear
        while not (self._goes_on() and await answer.pour(sink)):
            await self._receiver.passed()
        await self.pass_pieces(self._clearing.flush())

    async def pass_pieces(self, pieces: Iterator[bytes]) -> None:
        """Hands over what has been cleared already.

        Raises:
            SplitOverEvents, Undecodable, TooLong, Enclosed
        """
        self._left = chain(self._left, pieces)
        while not self._goes_on():
            await self._receiver.passed()

    def _clear(self, chunk: bytes) -> bool:
        released = self._clearing.cleaner.feed(chunk)
        return not released or self._put(released)

    def _decode(self, chunk: bytes) -> bool:
        self._left = self._clearing.feed(chunk)
        return self._goes_on()

    def _goes_on(self) -> bool:
        return all(map(self._put, self._left))
