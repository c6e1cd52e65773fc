"""The server half: one connection of a client, its requests answered one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

from agentsecrets.errors import AgentSecretsError, BadRequest, RequestTooSlow
from agentsecrets.model.call import Field
from agentsecrets.network.http1.deadline import Deadline
from agentsecrets.network.http1.exchange import REASONS, Exchange, Peer
from agentsecrets.network.http1.familiar import FamiliarHeads
from agentsecrets.network.http1.gone import GONE, reset
from agentsecrets.network.http1.inflow import Inflow
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.messages import ChunkedBody, Malformed, RequestHead, find_end, has_bare_line_end
from agentsecrets.network.http1.writing import Gate, head_bytes
from agentsecrets.wire.failures import to_json

__all__ = ["Exchange", "Peer", "ServerConnection", "Service", "failure_fields"]


@dataclass(frozen=True, slots=True)
class Service:
    """What a listener does with requests.

    Attributes:
        admit: Called with each head before any byte of the body is read; raises to refuse.
        serve: Answers an exchange.
        peer: Finds out who is at the other end of an accepted transport.
        limits: Bounds.
        heads: What the listener has read so far.
    """

    admit: Callable[[RequestHead, Peer], None]
    serve: Callable[[Exchange], Awaitable[None]]
    peer: Callable[[asyncio.BaseTransport], Peer]
    limits: Limits
    heads: FamiliarHeads = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "heads", FamiliarHeads(self.limits))


class ServerConnection(asyncio.Protocol):
    """One accepted connection.

    Requests are served one at a time, each in a task of its own; a client that goes away cancels it. Further requests wait unread.

    Args:
        service: What to do with requests.
        connections: The listener's open connections; this one adds and removes itself.
    """

    def __init__(self, service: Service, connections: set[ServerConnection]) -> None:
        self._service = service
        self._connections = connections
        self._limits = service.limits
        self._loop = asyncio.get_running_loop()
        self.gate = Gate(service.limits.stall_seconds, self.abort)
        self._deadline = Deadline(self._late)
        self._nothing = self._incoming()
        """The body of every request that has none."""
        self._nothing.end()
        self._buffer = bytearray()
        self._searched = 0
        self._transport: asyncio.Transport
        self._peer = Peer("", None)
        self._exchange: Exchange | None = None
        self._inflow: Inflow | None = None
        self._task: asyncio.Task[None] | None = None
        self._remaining = 0
        self._chunked: ChunkedBody | None = None
        self._paused = False
        self._closing = False
        self._lingering: asyncio.TimerHandle | None = None

    # --- the transport speaks ---------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client was accepted."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports do not inherit from asyncio's
        self._peer = self._service.peer(transport)
        if len(self._connections) >= self._limits.client_connections:
            self._make_room()
        self._connections.add(self)
        self._deadline.set(self._limits.idle_seconds)

    def data_received(self, received: bytes) -> None:
        """Bytes have come: of the body that is being read, of the next head, or (after a refusal) of nothing."""
        if self._inflow is not None and self._inflow.open:
            self._body(received)
        elif not self._closing:
            whole = find_end(received) == len(received) <= self._limits.head_bytes and received[:1] != b"\r"
            if whole and self._task is None and not self._buffer:
                self._begin(received)  # nearly always
                return
            self._buffer += received
            if self._task is None:
                self._next()
            elif len(self._buffer) > self._limits.head_bytes:
                self._pause(paused=True)

    def eof_received(self) -> bool:
        """The client will send no more: it is taken as gone."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (the protocol's signature)
        """The connection is gone."""
        self._closing, self._transport = True, GONE
        self._connections.discard(self)
        self._deadline.close()
        if self._lingering is not None:
            self._lingering.cancel()
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

    @property
    def closing(self) -> bool:
        """Whether it takes no further request."""
        return self._closing

    def close_when_idle(self) -> None:
        """Takes no further request; closes at once when none is being served."""
        self._closing = True
        if self._task is None:
            self._transport.close()

    def abort(self) -> None:
        """Breaks the connection; where its end would read as the proper end of an answer, by a reset."""
        self._closing = True
        if self._exchange is not None and self._exchange.ends_by_close:
            reset(self._transport)
        else:
            self._transport.abort()

    # --- the exchange speaks ----------------------------------------------------------------------------------------------------------

    def _make_room(self) -> None:
        """Ends a connection that serves no request, this one if all others do: who holds connections open keeps nobody out."""
        idle = next((other for other in self._connections if not other.busy and not other.closing), self)
        idle.abort()

    def send(self, sent: bytes) -> None:
        """Hands bytes to the transport."""
        if sent and not self._transport.is_closing():
            self._transport.write(sent)

    def soon(self, deed: Callable[[], None]) -> None:
        """Does something once the loop is free."""
        self._loop.call_soon(deed)

    def stays_open(self) -> bool:
        """Whether another request may follow the present one: only when nothing of its body is outstanding."""
        exchange, inflow = self._exchange, self._inflow
        return not self._closing and exchange is not None and exchange.head.keep_alive and inflow is not None and inflow.ended

    # --- heads ------------------------------------------------------------------------------------------------------------------------

    def _next(self) -> None:
        """Begins the next request once its whole head is in."""
        buffer = self._buffer
        if not self._searched and buffer.startswith(b"\r\n"):
            del buffer[:2]  # RFC 9112 §2.2: an empty line before a request line is ignored
        end = find_end(buffer, self._searched)
        if (end if end >= 0 else len(buffer)) > self._limits.head_bytes:
            self._refuse(BadRequest(problem="its head is too long"))
        elif end >= 0:
            raw = bytes(buffer[:end])
            del buffer[:end]
            self._searched = 0
            self._begin(raw)
        elif has_bare_line_end(buffer):
            self._refuse(BadRequest(problem="its lines do not end in CR LF"))
        elif buffer:
            if not self._searched:
                self._deadline.set(self._limits.head_seconds)
            self._searched = len(buffer)

    def _begin(self, raw: bytes) -> None:
        self._deadline.clear()
        try:
            head, target_url, self._chunked = self._service.heads.read(raw)
            self._service.admit(head, self._peer)
        except Malformed as malformed:
            self._refuse(BadRequest(problem=str(malformed)))
            return
        except AgentSecretsError as refusal:
            self._refuse(refusal)
            return
        inflow = self._inflow = self._incoming() if head.has_body else self._nothing
        exchange = self._exchange = Exchange(self, head, target_url, self._peer, inflow)
        self._task = self._loop.create_task(self._serve(exchange))
        if not head.has_body:
            return
        self._remaining = head.framing.length or 0
        if self._buffer:
            received = bytes(self._buffer)
            self._buffer.clear()
            self._body(received)

    def _incoming(self) -> Inflow:
        return Inflow(self._limits.buffer, self._pause, self._deadline, self._limits.body_seconds)

    def _refuse(self, refusal: AgentSecretsError) -> None:
        body = to_json(refusal)
        line = b"HTTP/1.1 %d %b" % (refusal.http_status, REASONS.get(refusal.http_status, b""))
        framing: list[Field] = [(b"Content-Length", b"%d" % len(body)), (b"Connection", b"close")]
        self.send(head_bytes(line, [*failure_fields(refusal), *framing]) + body)
        self._close_gently()

    # --- bodies -----------------------------------------------------------------------------------------------------------------------

    def _body(self, received: bytes) -> None:
        inflow = self._inflow
        assert inflow is not None
        if self._chunked is not None:
            self._chunks(received, self._chunked, inflow)
            return
        mine = received[: self._remaining]
        self._remaining -= len(mine)
        inflow.put(mine)
        if self._remaining == 0:
            inflow.end()
            self._buffer += received[len(mine) :]

    def _chunks(self, received: bytes, chunked: ChunkedBody, inflow: Inflow) -> None:
        try:
            chunk = chunked.feed(received)
        except Malformed as malformed:
            self._closing = True
            inflow.fail(BadRequest(problem=str(malformed)))
            return
        if chunk:
            inflow.put(chunk)
        self._closing = self._closing or chunked.overrun  # what follows was eaten by the parser: the client has to send it again
        if chunked.complete:
            inflow.end()

    def _pause(self, paused: bool) -> None:
        if paused != self._paused and not self._transport.is_closing():
            self._paused = paused
            (self._transport.pause_reading if paused else self._transport.resume_reading)()

    # --- serving ----------------------------------------------------------------------------------------------------------------------

    async def _serve(self, exchange: Exchange) -> None:
        try:
            await self._service.serve(exchange)
            if not exchange.finished:
                await self._fail(exchange, AgentSecretsError())
        except AgentSecretsError as failure:
            await self._fail(exchange, failure)
        except (asyncio.CancelledError, ConnectionError):
            self.abort()
        except Exception:  # noqa: BLE001  (a fault of ours must not leave a client waiting, and its text must not leave the process)
            await self._fail(exchange, AgentSecretsError())
        finally:
            self._done(exchange)

    async def _fail(self, exchange: Exchange, failure: AgentSecretsError) -> None:
        if exchange.started:
            self.abort()
        else:
            await exchange.respond(failure.http_status, failure_fields(failure), to_json(failure))

    def _done(self, exchange: Exchange) -> None:
        stays = exchange.finished and not exchange.last and not self._closing
        self._task, self._exchange = None, None
        if self._transport.is_closing():
            return
        if not stays:
            self._close_gently()
            return
        self._inflow, self._chunked = None, None
        self._deadline.set(self._limits.idle_seconds)
        if self._paused:
            self._pause(paused=False)
        if self._buffer:
            self._next()

    def _late(self) -> None:
        if self._inflow is not None and self._inflow.open:
            self._closing = True
            self._inflow.fail(RequestTooSlow())
        elif self._buffer:
            self._refuse(RequestTooSlow())
        else:
            self._transport.close()

    def _close_gently(self) -> None:
        """Closes so that the client can still read the answer: what it goes on sending is thrown away for a moment."""
        self._closing, self._inflow = True, None
        self._buffer.clear()
        self._deadline.close()
        if self._transport.is_closing():
            return
        self._transport.write_eof()
        self._pause(paused=False)
        self._lingering = self._loop.call_later(self._limits.linger_seconds, self._lingered, 0, 0.0)

    def _lingered(self, unsent: int, stalled: float) -> None:
        """Ends a gentle close, but not while the client still takes bytes."""
        waiting, seconds = self._transport.get_write_buffer_size(), self._limits.linger_seconds
        stalled = stalled + seconds if waiting >= unsent else 0.0
        if not waiting or stalled >= self._limits.stall_seconds:
            self._transport.abort()
        else:
            self._lingering = self._loop.call_later(seconds, self._lingered, waiting, stalled)


def failure_fields(failure: AgentSecretsError) -> list[Field]:
    """The header fields of a refusal or failure, the log id among them when there is one."""
    fields: list[Field] = [(b"Content-Type", b"application/json"), (b"Cache-Control", b"no-store"), (b"X-AS-Refused", b"1")]
    event = failure.subjects.get("event", "")
    return [*fields, (b"X-AS-Event", event.encode())] if event else fields
