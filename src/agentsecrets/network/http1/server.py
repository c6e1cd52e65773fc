"""The server half: one connection of a client, its requests answered one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from agentsecrets.errors import AgentSecretsError, BadRequest
from agentsecrets.model.call import Field
from agentsecrets.network.http1.inflow import Inflow
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.messages import Malformed, RequestHead, feed_chunked, find_end, read_request
from agentsecrets.network.http1.writing import Gate, chunk_bytes, head_bytes, last_chunk
from agentsecrets.wire.failures import to_json

_BODILESS = frozenset({204, 304})
_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end: ``tcp`` or ``unix``, and the user id when it is known (looked up once at accept)."""

    kind: str
    uid: int | None


@dataclass(frozen=True, slots=True)
class Service:
    """What a listener does with requests.

    Attributes:
        admit: Called with each head before any byte of the body is read; raises to refuse.
        serve: Answers an exchange.
        peer: Finds out who is at the other end of an accepted transport.
        limits: Bounds.
    """

    admit: Callable[[RequestHead, Peer], None]
    serve: Callable[[Exchange], Awaitable[None]]
    peer: Callable[[asyncio.BaseTransport], Peer]
    limits: Limits


class Exchange:
    """One request and its answer."""

    __slots__ = ("_chunked", "_connection", "_inflow", "_pending_head", "_wants_continue", "head", "peer", "started")

    def __init__(self, connection: ServerConnection, head: RequestHead, peer: Peer, inflow: Inflow) -> None:
        self.head = head
        self.peer = peer
        self.started = False
        self._connection = connection
        self._inflow = inflow
        self._chunked = False
        self._pending_head = b""
        self._wants_continue = any(value.lower() == b"100-continue" for value in head.get(b"expect")) and not head.http10

    async def body(self) -> AsyncIterator[bytes]:
        """The request's body as it arrives. A client that breaks off cancels the serving task."""
        if self._wants_continue and not self.started:
            self._wants_continue = False
            self._connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        while True:
            async with asyncio.timeout(self._connection.limits.body_seconds):
                chunk = await self._inflow.take()
            if chunk is None:
                return
            yield chunk

    def start(self, status: int, fields: Iterable[Field], *, length: int | None = None, reason: bytes | None = None) -> None:
        """Begins the answer.

        Args:
            status: 200 to 599.
            fields: Header fields; framing and ``Connection`` are added here.
            length: Bytes of the body when known; None means chunks.
            reason: Reason phrase, the standard one by default.
        """
        framing: list[Field] = []
        bodiless = self.head.method == "HEAD" or status in _BODILESS
        if length is not None and status not in _BODILESS:
            framing.append((b"Content-Length", str(length).encode()))
        elif not bodiless and not self.head.http10:
            framing.append((b"Transfer-Encoding", b"chunked"))
            self._chunked = True
        if not self._connection.stays_open():
            framing.append((b"Connection", b"close"))
        line = b"HTTP/1.1 %d %b" % (status, _REASONS.get(status, b"") if reason is None else reason)
        self._pending_head = head_bytes(line, [*fields, *framing])
        self.started = True
        asyncio.get_running_loop().call_soon(self._flush_head)

    async def write(self, chunk: bytes) -> None:
        """Sends bytes of the body; waits while the client does not take them."""
        if chunk and self.head.method != "HEAD":
            head, self._pending_head = self._pending_head, b""
            self._connection.send(head + (chunk_bytes(chunk) if self._chunked else chunk))
        await self._connection.gate.passed()

    async def finish(self, trailers: Iterable[Field] = ()) -> None:
        """Ends the answer."""
        self._connection.send(self._pending_head + (last_chunk(trailers) if self._chunked else b""))
        self._pending_head = b""
        await self._connection.gate.passed()

    async def respond(self, status: int, fields: Iterable[Field], body: bytes) -> None:
        """A whole answer at once."""
        self.start(status, fields, length=len(body))
        await self.write(body)
        await self.finish()

    def abort(self) -> None:
        """Breaks the connection: the client must see that the answer is not complete."""
        self._connection.abort()

    def _flush_head(self) -> None:
        if self._pending_head:
            self._connection.send(self._pending_head)
            self._pending_head = b""


class ServerConnection(asyncio.Protocol):
    """One accepted connection.

    Requests are served one at a time, each in a task of its own; a client that goes away cancels it. Further requests wait unread.
    """

    def __init__(self, service: Service, connections: set[ServerConnection]) -> None:
        self._service = service
        self._connections = connections
        self.limits = service.limits
        self.gate = Gate()
        self._buffer = bytearray()
        self._searched = 0
        self._transport: asyncio.Transport
        self._peer = Peer("", None)
        self._exchange: Exchange | None = None
        self._inflow: Inflow | None = None
        self._task: asyncio.Task[None] | None = None
        self._remaining: int | None = None
        self._chunked: tuple[Any, Any] | None = None
        self._closing = False
        self._timer: asyncio.TimerHandle | None = None

    # --- the transport speaks ---------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client was accepted."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports do not inherit from asyncio's
        self._peer = self._service.peer(transport)
        self._connections.add(self)
        self._wait(self.limits.idle_seconds)

    def data_received(self, received: bytes) -> None:
        """Bytes have come."""
        if self._closing and self._inflow is None:
            return
        if self._inflow is not None and not self._inflow.ended:
            self._body(received)
        else:
            self._buffer += received
            if len(self._buffer) > self.limits.head_bytes and self._task is not None:
                self._transport.pause_reading()
            if self._task is None:
                self._next()

    def eof_received(self) -> bool:
        """The client will send no more: it is taken as gone."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (the protocol's signature)
        """The connection is gone."""
        self._closing = True
        self._connections.discard(self)
        self._stop_waiting()
        self.gate.close()
        if self._inflow is not None:
            self._inflow.fail(ConnectionResetError())
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        """The client does not take bytes."""
        self.gate.shut()

    def resume_writing(self) -> None:
        """The client takes bytes again."""
        self.gate.open()

    # --- the daemon speaks ------------------------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a request is being served."""
        return self._task is not None

    def close_when_idle(self) -> None:
        """Takes no further request; closes at once when none is being served."""
        self._closing = True
        if self._task is None:
            self._transport.close()

    def abort(self) -> None:
        """Breaks the connection."""
        self._closing = True
        self._transport.abort()

    # --- the exchange speaks ----------------------------------------------------------------------------------------------------------

    def send(self, octets: bytes) -> None:
        """Hands bytes to the transport."""
        if octets and not self._transport.is_closing():
            self._transport.write(octets)

    def stays_open(self) -> bool:
        """Whether another request may follow the present one."""
        return not self._closing and self._exchange is not None and self._exchange.head.keep_alive and self._body_read()

    # --- inside -----------------------------------------------------------------------------------------------------------------------

    def _body_read(self) -> bool:
        return self._inflow is None or self._inflow.ended

    def _next(self) -> None:
        end = find_end(self._buffer, self._searched)
        if (end if end >= 0 else len(self._buffer)) > self.limits.head_bytes:
            self._refuse(BadRequest(problem="its head is too long"))
        elif end < 0:
            if self._buffer and not self._searched:
                self._wait(self.limits.head_seconds)
            self._searched = len(self._buffer)
        else:
            raw = bytes(self._buffer[:end])
            del self._buffer[:end]
            self._searched = 0
            self._begin(raw)

    def _begin(self, raw: bytes) -> None:
        self._stop_waiting()
        try:
            head, parser, collector = read_request(raw, self.limits)
            self._service.admit(head, self._peer)
        except Malformed as malformed:
            self._refuse(BadRequest(problem=str(malformed)))
            return
        except AgentSecretsError as refusal:
            self._refuse(refusal)
            return
        self._inflow = Inflow(self.limits.buffer, self._pause)
        self._chunked = (parser, collector) if head.framing.chunked else None
        self._remaining = head.framing.length or 0
        self._exchange = Exchange(self, head, self._peer, self._inflow)
        self._task = asyncio.get_running_loop().create_task(self._serve(self._exchange))
        received, self._buffer = bytes(self._buffer), bytearray()
        if head.has_body:
            if received:
                self._body(received)
        else:
            self._inflow.end()
            self._buffer += received

    def _body(self, received: bytes) -> None:
        assert self._inflow is not None
        if self._chunked is None:
            assert self._remaining is not None
            mine, rest = received[: self._remaining], received[self._remaining :]
            self._remaining -= len(mine)
            self._inflow.put(mine)
            if self._remaining == 0:
                self._inflow.end()
                self._buffer += rest
            return
        parser, collector = self._chunked
        try:
            for chunk in feed_chunked(parser, collector, received):
                self._inflow.put(chunk)
        except Malformed as malformed:
            self._closing = True
            self._inflow.fail(BadRequest(problem=str(malformed)))
            return
        if collector.complete:
            self._inflow.end()

    async def _serve(self, exchange: Exchange) -> None:
        try:
            await self._service.serve(exchange)
        except AgentSecretsError as failure:
            if exchange.started:
                self.abort()
            else:
                await self._answer_failure(exchange, failure)
        except (asyncio.CancelledError, ConnectionError, TimeoutError):
            self.abort()
        except Exception:  # noqa: BLE001  (a fault of ours must not leave a client waiting, and its text must not leave the process)
            if exchange.started:
                self.abort()
            else:
                await self._answer_failure(exchange, AgentSecretsError())
        finally:
            self._done()

    async def _answer_failure(self, exchange: Exchange, failure: AgentSecretsError) -> None:
        await exchange.respond(failure.http_status, failure_fields(failure), to_json(failure))

    def _done(self) -> None:
        stays = self.stays_open()
        self._task, self._exchange = None, None
        if self._transport.is_closing():
            return
        if not stays:
            self._close_gently()
            return
        self._inflow, self._chunked = None, None
        self._transport.resume_reading()
        self._wait(self.limits.idle_seconds)
        if self._buffer:
            self._next()

    def _refuse(self, refusal: AgentSecretsError) -> None:
        body = to_json(refusal)
        line = b"HTTP/1.1 %d %b" % (refusal.http_status, _REASONS.get(refusal.http_status, b""))
        length = (b"Content-Length", str(len(body)).encode())
        self.send(head_bytes(line, [*failure_fields(refusal), length, (b"Connection", b"close")]) + body)
        self._close_gently()

    def _close_gently(self) -> None:
        """Closes so that the client can still read the answer: what it goes on sending is thrown away for a moment."""
        self._closing, self._inflow = True, None
        self._buffer.clear()
        if self._transport.can_write_eof():
            self._transport.write_eof()
            self._transport.resume_reading()
            self._stop_waiting()
            self._timer = asyncio.get_running_loop().call_later(self.limits.linger_seconds, self._transport.abort)
        else:
            self._transport.close()

    def _pause(self, paused: bool) -> None:
        if not self._transport.is_closing():
            (self._transport.pause_reading if paused else self._transport.resume_reading)()

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._transport.abort)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def failure_fields(failure: AgentSecretsError) -> list[Field]:
    """The header fields of a refusal or failure, the log id among them when there is one."""
    fields: list[Field] = [(b"Content-Type", b"application/json"), (b"Cache-Control", b"no-store"), (b"X-AS-Refused", b"1")]
    event = failure.subjects.get("event", "")
    return [*fields, (b"X-AS-Event", event.encode())] if event else fields
