"""The answers of upstreams, as the code that reads them sees them: ``ports.UpstreamAnswer``."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

from agentsecrets.model.call import Field
from agentsecrets.network.http1.inflow import Inflow
from agentsecrets.network.http1.messages import AnswerHead, ChunkedBody
from agentsecrets.ports import Sink

_NOT_IN_TRAILERS = frozenset({b"content-length", b"transfer-encoding", b"host", b"connection", b"trailer", b"content-encoding"})
"""Framing and routing fields may not stand in a trailer section (RFC 9110 §6.5.1)."""


class Lender(Protocol):
    """What an answer needs of the connection on which it comes."""

    def free(self, *, clean: bool) -> asyncio.Task[None] | None:
        """Ends the exchange; answers what still sends the request's body, and was told to end."""
        ...


class Answer:
    """An answer whose body comes over a connection that belongs to it until it is closed."""

    __slots__ = ("_chunked", "_closed", "_connection", "_inflow", "fields", "index", "reason", "status")

    at_hand = None

    def __init__(self, connection: Lender, head: AnswerHead, inflow: Inflow, chunked: ChunkedBody | None) -> None:
        self.status = head.status
        self.reason = head.reason
        self.fields = head.fields
        self.index = head.index
        self._connection = connection
        self._inflow = inflow
        self._chunked = chunked
        self._closed = False

    @property
    def trailers(self) -> tuple[Field, ...]:
        """Trailer fields; complete once the body has ended."""
        if self._chunked is None:
            return ()
        return tuple(field for field in self._chunked.trailers if field[0].lower() not in _NOT_IN_TRAILERS)

    async def pour(self, sink: Sink) -> bool:
        """Hands the body's bytes to a sink as they arrive; says whether the body has ended.

        Raises:
            UpstreamUnreachable, UpstreamTimeout, UpstreamProtocol, and what the sink raises.
        """
        return await self._inflow.pour(sink)

    async def whole(self) -> bytes:
        """The whole body at once.

        Raises:
            UpstreamUnreachable, UpstreamTimeout, UpstreamProtocol
        """
        parts: list[bytes] = []
        while not self._inflow.drained and (chunk := await self._inflow.take()) is not None:
            parts.append(chunk)
        return b"".join(parts)

    async def close(self) -> None:
        """Gives the connection back if the body was read to its end, else drops it. Only the first time counts."""
        if not self._closed:
            self._closed = True
            unfinished = self._connection.free(clean=self._inflow.drained)
            if unfinished is not None:
                await ended(unfinished)


class WholeAnswer:
    """An answer that came in one piece, as short ones nearly always do: its connection serves others already."""

    __slots__ = ("_left", "at_hand", "fields", "index", "reason", "status")

    trailers: tuple[Field, ...] = ()

    def __init__(self, head: AnswerHead, body: bytes) -> None:
        self.status = head.status
        self.reason = head.reason
        self.fields = head.fields
        self.index = head.index
        self.at_hand = self._left = body

    async def pour(self, sink: Sink) -> bool:
        """Hands over the body, once; says whether the sink has taken it all."""
        left, self._left = self._left, b""
        return not left or sink(left)

    async def whole(self) -> bytes:
        """The body."""
        return self.at_hand

    async def close(self) -> None:
        """Nothing is left to do."""


async def ended(sending: asyncio.Task[None]) -> None:
    """Waits for the sender of a request's body; what that raises now concerns nobody."""
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await sending
