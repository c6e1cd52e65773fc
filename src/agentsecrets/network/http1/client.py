"""The client half: one connection to an upstream, one exchange at a time."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Protocol, cast

from agentsecrets.errors import BadRequest, UpstreamProtocol, UpstreamTimeout, UpstreamUnreachable
from agentsecrets.network.http1.answer import Answer, WholeAnswer, ended
from agentsecrets.network.http1.deadline import Deadline
from agentsecrets.network.http1.gone import GONE
from agentsecrets.network.http1.inflow import Inflow
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.messages import AnswerHead, ChunkedBody, Malformed, find_end, read_answer
from agentsecrets.network.http1.outgoing import is_large, parts
from agentsecrets.network.http1.remains import Remains
from agentsecrets.network.http1.writing import Gate, chunk_bytes, last_chunk
from agentsecrets.ports import Outbound, UpstreamAnswer

_BODILESS = frozenset({204, 304})
_FIRST_FINAL = 200
_SWITCHING = 101
_NO_SUCCESS = 300
"""From here on an answer says that the rest of the request is not wanted (RFC 9112 §9.5; curl draws the same line)."""


class _HasReadLimits(Protocol):
    """A TLS transport, of asyncio or uvloop; typeshed does not know that they have this."""

    def set_read_buffer_limits(self, high: int, low: int) -> None:
        """How many undecrypted bytes wait before no more are read, and when reading goes on."""
        ...


class Stale(Exception):
    """The connection turned out to be closed before any byte of an answer came."""


class ClientConnection(asyncio.Protocol):
    """One connection to an upstream.

    Args:
        domain: Host of the upstream, for error messages.
        limits: Bounds.

    Attributes:
        reused: Whether it has served an exchange before.
        on_free: Called with the connection when it may serve another exchange; None to drop it then.
        idle_since: When it was last put aside for another exchange, by the monotonic clock.
    """

    def __init__(self, domain: str, limits: Limits) -> None:
        self.reused = False
        self.on_free: Callable[[ClientConnection], None] | None = None
        self.idle_since = 0.0
        self._domain = domain
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._gate = Gate(limits.stall_seconds, self._stalled)
        self._deadline = Deadline(self._late)
        self._transport: asyncio.Transport
        self._buffer = bytearray()
        self._searched = 0
        self._method = ""
        self._head: asyncio.Future[UpstreamAnswer] | None = None
        self._inflow: Inflow | None = None
        self._remaining: int | None = None
        self._chunked: ChunkedBody | None = None
        self._informational = 0
        self._sending: asyncio.Task[None] | None = None
        self._remains: Remains | None = None
        self._keep = False
        self._ended = False
        self._lost = False

    # --- the transport speaks ---------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports do not inherit from asyncio's
        if transport.get_extra_info("sslcontext") is not None:
            # uvloop throws away what a paused TLS transport still holds when the other end closes: it may hold one read, and reads no end.
            cast("_HasReadLimits", transport).set_read_buffer_limits(high=1, low=0)

    def data_received(self, received: bytes) -> None:
        """Bytes of an answer, or bytes that nobody asked for: the connection is not used again then."""
        inflow = self._inflow
        if inflow is not None and inflow.open:
            self._body(received, inflow)
        elif self._head is not None and not self._head.done():
            end = -1 if self._buffer else find_end(received)
            if 0 <= end <= self._limits.head_bytes:
                self._read(self._head, received[:end], received[end:])  # nearly always
            else:
                self._buffer += received
            if self._buffer:
                self._next()
        else:
            self._drop()

    def eof_received(self) -> bool:
        """The upstream says that it will send no more; over TLS on uvloop, only its own closing alert counts as that."""
        self._ended = True
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone: for a body without length that is its proper end, if the upstream ended it in order before.

        Where it is gone because a write failed, the answer may have come before: it counts more than the failure.
        """
        self._lost, self._transport = True, GONE
        if isinstance(exc, OSError) and not isinstance(exc, ssl.SSLError):
            self._read_remains()
        self._deadline.close()
        self._gate.close()
        self._let_go()
        if self._head is not None and not self._head.done():
            early = not self._buffer and not self._informational
            self._head.set_exception(Stale() if early else self._broken("it closed the connection within its head"))
        elif self._inflow is not None and self._inflow.open:
            if self._remaining is None and self._chunked is None and self._ended:
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
        return not self._lost and not self._ended and not self._transport.is_closing()

    def ask(self, outbound: Outbound, sent: bytes) -> asyncio.Future[UpstreamAnswer]:
        """Sends a request. Whoever waits for its answer and does not get it calls ``give_up``.

        Args:
            outbound: The request.
            sent: Its head, and its body when that is short: ``request_bytes``.

        Returns:
            Done once the head of the final answer is in, even while the request's body still streams. It raises Stale when nothing came
            back at all, UpstreamUnreachable, UpstreamTimeout or UpstreamProtocol, and what the agent's own body raised.
        """
        waiting: asyncio.Future[UpstreamAnswer] = self._loop.create_future()
        if self._lost:
            waiting.set_exception(Stale())
            return waiting
        self._head = waiting
        self._inflow = self._chunked = self._remaining = None
        self._method, self._informational, self._keep = outbound.method, 0, False
        if outbound.body is None:
            self._transport.write(sent)
        else:
            self._send(sent, outbound)
        self._deadline.set(self._limits.first_byte_seconds)
        return waiting

    async def give_up(self, waiting: asyncio.Future[UpstreamAnswer]) -> None:
        """Ends an exchange whose answer did not come, or is not wanted any more."""
        unfinished = self.free(clean=False) if self._head is waiting else None  # else it serves another exchange already
        if unfinished is not None:
            await ended(unfinished)

    def free(self, *, clean: bool) -> asyncio.Task[None] | None:
        """Ends the exchange; keeps the connection only when nothing about it is doubtful.

        Returns:
            What still sent the request's body, and was told to end.
        """
        unfinished = None if self._sending is None else self._unfinished
        self._inflow = self._head = self._sending = None
        self._deadline.clear()
        if self._remains is not None:
            self._let_go()
        # an upstream that has answered may take the rest for a request
        unsent = unfinished is not None or self._transport.get_write_buffer_size() > 0
        if clean and not unsent and self._keep and self.usable and not self._buffer and self.on_free is not None:
            self.reused = True
            self.on_free(self)
        else:
            self._drop()
        if unfinished is not None:
            unfinished.cancel()
        return unfinished

    def close(self) -> None:
        """Closes the connection."""
        self._drop()

    @property
    def _unfinished(self) -> asyncio.Task[None] | None:
        """What still sends the request's body."""
        return self._sending if self._sending is not None and not self._sending.done() else None

    # --- the request's body -----------------------------------------------------------------------------------------------------------

    def _send(self, sent: bytes, outbound: Outbound) -> None:
        if is_large(outbound):
            self._hold_on()
        self._transport.write(sent)
        if (streamed := parts(outbound)) is not None:
            self._sending = self._loop.create_task(self._send_body(*streamed))
            self._sending.add_done_callback(self._sent)

    async def _send_body(self, body: AsyncIterator[bytes], length: int | None) -> None:
        left = length
        try:
            async for chunk in body:
                if self._lost:
                    return
                if left is not None:
                    left -= len(chunk)
                    if left < 0:
                        raise BadRequest(problem="its body is longer than its Content-Length")
                self._transport.write(chunk_bytes(chunk) if length is None else chunk)
                if self._gate.shut_now:
                    await self._gate.passed()
                if self._head is not None and not self._head.done():
                    self._deadline.set(self._limits.first_byte_seconds)
            if left:
                raise BadRequest(problem="its body is shorter than its Content-Length")
            if length is None and not self._lost:
                self._transport.write(last_chunk())
        finally:
            if isinstance(body, AsyncGenerator):
                await body.aclose()

    def _stop_sending(self) -> bool:
        """Sends no more of a body that is not wanted: writing on would only bring a reset, which may overtake the answer.

        Returns:
            Whether a part was left unsent; another request cannot follow on this connection then.
        """
        unfinished = self._unfinished
        if unfinished is not None:
            unfinished.cancel()
        return unfinished is not None

    def _sent(self, sending: asyncio.Task[None]) -> None:
        """A request whose body broke off is never completed: the upstream must not take a part for the whole."""
        if not sending.cancelled() and sending.exception() is not None and self._sending is sending:
            self._break(cast("Exception", sending.exception()))

    # --- the answer -------------------------------------------------------------------------------------------------------------------

    def _next(self) -> None:
        """Reads heads until the final one is whole."""
        while self._head is not None and not self._head.done():
            end = find_end(self._buffer, self._searched)
            if (end if end >= 0 else len(self._buffer)) > self._limits.head_bytes:
                self._break(self._improper("its head is too long"))
                return
            if end < 0:
                self._searched = len(self._buffer)
                return
            raw, rest = bytes(self._buffer[:end]), bytes(self._buffer[end:])
            self._buffer.clear()
            self._searched = 0
            self._read(self._head, raw, rest)

    def _read(self, waiting: asyncio.Future[UpstreamAnswer], raw: bytes, rest: bytes) -> None:
        """Reads a whole head, and what came behind it."""
        try:
            head, chunked = read_answer(raw, self._limits)
        except Malformed as malformed:
            self._break(self._improper(str(malformed)))
            return
        if head.status < _FIRST_FINAL:
            self._buffer += rest
            self._skip(head)
            return
        self._keep = head.keep_alive and not (head.status >= _NO_SUCCESS and self._stop_sending())
        length = 0 if self._method == "HEAD" or head.status in _BODILESS else head.framing.length
        if length == len(rest) and self._sending is None:
            waiting.set_result(WholeAnswer(head, rest))
            self.free(clean=True)  # nothing of this exchange is outstanding
        else:
            self._begin(head, chunked, waiting, length, rest)

    def _skip(self, head: AnswerHead) -> None:
        self._informational += 1
        if head.status == _SWITCHING or self._informational > self._limits.informational:
            self._break(self._improper("it sent informational answers that were not asked for"))

    def _begin(
        self, head: AnswerHead, chunked: ChunkedBody | None, waiting: asyncio.Future[UpstreamAnswer], length: int | None, rest: bytes
    ) -> None:
        """Hands over an answer whose body is not all there."""
        self._deadline.clear()
        inflow = self._inflow = Inflow(self._limits.buffer, self._pause, self._deadline, self._limits.silence_seconds)
        if length == 0:
            waiting.set_result(Answer(self, head, inflow, None))
            inflow.end()
            self._buffer += rest
            return
        self._chunked, self._remaining = chunked, length
        waiting.set_result(Answer(self, head, inflow, chunked))
        if rest:
            self._body(rest, inflow)

    def _body(self, received: bytes, inflow: Inflow) -> None:
        if self._chunked is not None:
            self._chunks(received, self._chunked, inflow)
        elif self._remaining is None:
            inflow.put(received)
        else:
            mine = received[: self._remaining]
            self._remaining -= len(mine)
            inflow.put(mine)
            if self._remaining == 0:
                inflow.end()
                self._keep = self._keep and len(received) == len(mine)

    def _chunks(self, received: bytes, chunked: ChunkedBody, inflow: Inflow) -> None:
        try:
            chunk = chunked.feed(received)
        except Malformed as malformed:
            self._break(self._improper(str(malformed)))
            return
        if chunk:
            inflow.put(chunk)
        self._keep = self._keep and not chunked.overrun
        if chunked.complete:
            inflow.end()

    # --- ends -------------------------------------------------------------------------------------------------------------------------

    def _late(self) -> None:
        within = self._head is None or self._head.done()
        self._break(
            UpstreamTimeout(domain=self._domain, problem="it fell silent within its answer" if within else "it did not begin to answer")
        )

    def _stalled(self) -> None:
        self._break(UpstreamTimeout(domain=self._domain, problem="it does not take the request"))

    def _break(self, failure: Exception) -> None:
        if self._head is not None and not self._head.done():
            self._head.set_exception(failure)
        elif self._inflow is not None:
            self._inflow.fail(failure)
        self._drop()

    def _improper(self, problem: str) -> UpstreamProtocol:
        return UpstreamProtocol(domain=self._domain, problem=problem)

    def _broken(self, problem: str) -> UpstreamUnreachable:
        return UpstreamUnreachable(domain=self._domain, problem=problem)

    def _hold_on(self) -> None:
        with contextlib.suppress(OSError):  # no file is left: without it, an early answer may be lost
            self._remains = Remains(self._transport)

    def _let_go(self) -> None:
        if self._remains is not None:
            self._remains.close()
            self._remains = None

    def _read_remains(self) -> None:
        """Reads what had come before a write failed. The exchange may end with it."""
        remains = self._remains
        if remains is not None:
            for piece in remains.read():
                self.data_received(piece)
            self._ended = self._ended or remains.ended

    def _pause(self, paused: bool) -> None:
        if not self._transport.is_closing():
            (self._transport.pause_reading if paused else self._transport.resume_reading)()

    def _drop(self) -> None:
        self._keep = False
        if not self._transport.is_closing():
            self._transport.abort()
