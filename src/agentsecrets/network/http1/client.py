"""The client half: one connection to an upstream, one exchange at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, cast

from agentsecrets.errors import UpstreamProtocol, UpstreamTimeout, UpstreamUnreachable
from agentsecrets.model.call import Field
from agentsecrets.network.http1.inflow import Inflow
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.messages import AnswerHead, Malformed, feed_chunked, find_end, read_answer
from agentsecrets.network.http1.writing import Gate, chunk_bytes, head_bytes, last_chunk
from agentsecrets.ports import Body, Outbound

_BODILESS = frozenset({204, 304})
_FIRST_FINAL = 200
_SWITCHING = 101


class Stale(Exception):
    """A reused connection turned out to be closed before any byte of an answer came."""


class Answer:
    """``ports.UpstreamAnswer`` over one connection."""

    __slots__ = ("_connection", "_inflow", "fields", "reason", "status")

    def __init__(self, connection: ClientConnection, head: AnswerHead, inflow: Inflow) -> None:
        self.status = head.status
        self.reason = head.reason
        self.fields = head.fields
        self._connection = connection
        self._inflow = inflow

    @property
    def trailers(self) -> tuple[Field, ...]:
        """Trailer fields; complete once the body has ended."""
        return self._connection.trailers

    async def body(self) -> AsyncIterator[bytes]:
        """The body's bytes as they arrive."""
        while True:
            try:
                async with asyncio.timeout(self._connection.limits.silence_seconds):
                    chunk = await self._inflow.take()
            except TimeoutError:
                raise UpstreamTimeout(domain=self._connection.domain, problem="it fell silent within its answer") from None
            if chunk is None:
                return
            yield chunk

    async def close(self) -> None:
        """Gives the connection back if the body was read to its end, else drops it."""
        await self._connection.release(clean=self._inflow.drained)


class ClientConnection(asyncio.Protocol):
    """One connection to an upstream.

    Args:
        domain: Host of the upstream, for error messages.
        limits: Bounds.
    """

    def __init__(self, domain: str, limits: Limits) -> None:
        self.domain = domain
        self.limits = limits
        self.trailers: tuple[Field, ...] = ()
        self.reused = False
        self.on_free: Any = None
        self._gate = Gate()
        self._transport: asyncio.Transport
        self._buffer = bytearray()
        self._method = ""
        self._head: asyncio.Future[tuple[AnswerHead, Inflow]] | None = None
        self._inflow: Inflow | None = None
        self._remaining: int | None = None
        self._chunked: tuple[Any, Any] | None = None
        self._informational = 0
        self._sending: asyncio.Task[None] | None = None
        self._keep = False
        self._lost = False

    # --- the transport speaks ---------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports do not inherit from asyncio's

    def data_received(self, received: bytes) -> None:
        """Bytes of an answer, or bytes that nobody asked for: the connection is not used again then."""
        if self._inflow is not None and not self._inflow.ended:
            self._body(received)
        elif self._head is not None and not self._head.done():
            self._buffer += received
            self._next()
        else:
            self._drop()

    def eof_received(self) -> bool:
        """The upstream will send no more."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone: for a body without length that is its proper end, if the upstream closed it in order."""
        self._lost = True
        self._gate.close()
        if self._head is not None and not self._head.done():
            early = not self._buffer and not self._informational
            self._head.set_exception(Stale() if early else self._broken("it closed the connection within its head"))
        if self._inflow is not None and not self._inflow.ended:
            if self._remaining is None and self._chunked is None and exc is None:
                self._inflow.end()
            else:
                self._inflow.fail(self._broken("it broke off within its answer"))

    def pause_writing(self) -> None:
        """The upstream does not take bytes."""
        self._gate.shut()

    def resume_writing(self) -> None:
        """The upstream takes bytes again."""
        self._gate.open()

    # --- the pool and the answer speak ------------------------------------------------------------------------------------------------

    @property
    def usable(self) -> bool:
        """Whether nothing speaks against another request on this connection."""
        return not self._lost and not self._transport.is_closing()

    async def exchange(self, outbound: Outbound) -> Answer:
        """Sends a request and returns once the head of the final answer is in.

        Raises:
            Stale: When nothing came back at all.
            UpstreamUnreachable, UpstreamTimeout, UpstreamProtocol
        """
        self._head = asyncio.get_running_loop().create_future()
        self._inflow, self._chunked, self._remaining, self.trailers = None, None, None, ()
        self._method, self._informational, self._keep = outbound.method, 0, False
        self._send_head(outbound)
        if not isinstance(outbound.body, bytes | None):
            self._sending = asyncio.get_running_loop().create_task(self._send_body(outbound.body, outbound.length))
        try:
            async with asyncio.timeout(self.limits.first_byte_seconds):
                head, inflow = await self._await_head()
        except TimeoutError:
            await self.release(clean=False)
            raise UpstreamTimeout(domain=self.domain, problem="it did not begin to answer") from None
        except BaseException:
            await self.release(clean=False)
            raise
        return Answer(self, head, inflow)

    async def release(self, *, clean: bool) -> None:
        """Ends the exchange; keeps the connection only when nothing about it is doubtful."""
        sent = self._sending is None or self._sending.done()
        if self._sending is not None:
            self._sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._sending
            self._sending = None
        self._inflow, self._head = None, None
        if clean and sent and self._keep and self.usable and not self._buffer:
            if self.on_free is not None:
                self.reused = True
                self.on_free(self)
        else:
            self._drop()

    def close(self) -> None:
        """Closes the connection."""
        self._drop()

    # --- inside -----------------------------------------------------------------------------------------------------------------------

    async def _await_head(self) -> tuple[AnswerHead, Inflow]:
        """Waits for the head, or for the agent's own body to break off."""
        assert self._head is not None
        if self._sending is None:
            return await self._head
        both: set[asyncio.Future[Any]] = {self._head, self._sending}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not self._head.done() and self._sending.exception() is not None:
            await self._sending
        return await self._head

    def _send_head(self, outbound: Outbound) -> None:
        fields: list[Field] = [(b"Host", outbound.target.authority.encode()), *outbound.fields]
        whole = outbound.body if isinstance(outbound.body, bytes) else b""
        if isinstance(outbound.body, bytes):
            fields.append((b"Content-Length", str(len(whole)).encode()))
        elif outbound.body is not None:
            known = outbound.length is not None
            fields.append((b"Content-Length", str(outbound.length).encode()) if known else (b"Transfer-Encoding", b"chunked"))
        line = b"%b %b HTTP/1.1" % (outbound.method.encode(), outbound.request_target)
        self._transport.write(head_bytes(line, fields) + whole)

    async def _send_body(self, body: Body, length: int | None) -> None:
        assert body is not None
        assert not isinstance(body, bytes)
        sent = 0
        async for chunk in body:
            if self._lost:
                return
            sent += len(chunk)
            self._transport.write(chunk_bytes(chunk) if length is None else chunk)
            await self._gate.passed()
        if length is None and not self._lost:
            self._transport.write(last_chunk())
        elif length is not None and sent != length:
            self._drop()

    def _next(self) -> None:
        while self._head is not None and not self._head.done():
            end = find_end(self._buffer, 0)
            if (end if end >= 0 else len(self._buffer)) > self.limits.head_bytes:
                self._fail("its head is too long")
                return
            if end < 0:
                return
            raw = bytes(self._buffer[:end])
            del self._buffer[:end]
            try:
                self._begin(*read_answer(raw, self.limits))
            except Malformed as malformed:
                self._fail(str(malformed))

    def _begin(self, head: AnswerHead, parser: Any, collector: Any) -> None:
        assert self._head is not None
        if head.status < _FIRST_FINAL:
            self._informational += 1
            if head.status == _SWITCHING or self._informational > self.limits.informational:
                self._fail("it sent informational answers that were not asked for")
            return
        inflow = self._inflow = Inflow(self.limits.buffer, self._pause)
        self._keep = head.keep_alive
        self._head.set_result((head, inflow))
        received, self._buffer = bytes(self._buffer), bytearray()
        if self._method == "HEAD" or head.status in _BODILESS or head.framing.length == 0:
            inflow.end()
            if received:
                self._drop()
            return
        self._chunked = (parser, collector) if head.framing.chunked else None
        self._remaining = head.framing.length
        self._keep = self._keep and (head.framing.chunked or head.framing.length is not None)
        if received:
            self._body(received)

    def _body(self, received: bytes) -> None:
        assert self._inflow is not None
        if self._chunked is not None:
            parser, collector = self._chunked
            try:
                for chunk in feed_chunked(parser, collector, received):
                    self._inflow.put(chunk)
            except Malformed as malformed:
                self._inflow.fail(UpstreamProtocol(domain=self.domain, problem=str(malformed)))
                self._drop()
                return
            if collector.complete:
                self.trailers = tuple(collector.trailers)
                self._inflow.end()
        elif self._remaining is None:
            self._inflow.put(received)
        else:
            mine = received[: self._remaining]
            self._remaining -= len(mine)
            self._inflow.put(mine)
            if self._remaining == 0:
                self._inflow.end()
                if len(received) > len(mine):
                    self._drop()

    def _fail(self, problem: str) -> None:
        if self._head is not None and not self._head.done():
            self._head.set_exception(UpstreamProtocol(domain=self.domain, problem=problem))
        self._drop()

    def _broken(self, problem: str) -> UpstreamUnreachable:
        return UpstreamUnreachable(domain=self.domain, problem=problem)

    def _pause(self, paused: bool) -> None:
        if not self._transport.is_closing():
            (self._transport.pause_reading if paused else self._transport.resume_reading)()

    def _drop(self) -> None:
        self._keep = False
        if not self._transport.is_closing():
            self._transport.abort()
