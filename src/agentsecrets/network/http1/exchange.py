"""One request and its answer, as the code that serves it sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from agentsecrets.errors import AgentSecretsError
from agentsecrets.model.call import Field
from agentsecrets.network.http1.inflow import Inflow
from agentsecrets.network.http1.messages import RequestHead
from agentsecrets.network.http1.writing import Gate, chunk_bytes, last_chunk
from agentsecrets.wire.lines import section

REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
"""Standard reason phrases (RFC 9110 §15)."""

BODILESS = frozenset({204, 304})
"""Statuses whose answers have no body, whatever their head says (RFC 9112 §6.3)."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end: ``tcp`` or ``unix``, and the user id when it is known (looked up once at accept)."""

    kind: str
    uid: int | None


class Wire(Protocol):
    """What an exchange needs of its connection."""

    gate: Gate

    def send(self, sent: bytes) -> None:
        """Hands bytes to the transport."""
        ...

    def stays_open(self) -> bool:
        """Whether another request may follow the present one."""
        ...

    def soon(self, deed: Callable[[], None]) -> None:
        """Does something once the loop is free."""
        ...

    def abort(self) -> None:
        """Breaks the connection."""
        ...


class Exchange:
    """One request and its answer.

    Attributes:
        head: The request's head.
        target_url: Value of its ``X-AS-Target-URL``, empty when there was none.
        peer: Who sent it.
        started: Whether the answer has begun.
        finished: Whether the answer is complete.
        last: Whether the client was told that no further request is served on this connection.
    """

    __slots__ = (
        "_chunked",
        "_inflow",
        "_left",
        "_pending",
        "_silent",
        "_wire",
        "finished",
        "head",
        "last",
        "peer",
        "started",
        "target_url",
    )

    def __init__(self, wire: Wire, head: RequestHead, target_url: bytes, peer: Peer, inflow: Inflow) -> None:
        self.head = head
        self.target_url = target_url
        self.peer = peer
        self.started = self.finished = self.last = False
        self._wire = wire
        self._inflow = inflow
        self._chunked = False
        self._silent = False
        self._left: int | None = None
        self._pending = b""

    @property
    def ends_by_close(self) -> bool:
        """Whether an answer is under way whose end only the end of the connection tells: to a client of HTTP/1.0, without a length."""
        return self.started and not (self.finished or self._chunked or self._silent) and self._left is None

    async def body(self) -> AsyncIterator[bytes]:
        """The request's body as it arrives. A client that breaks off cancels the serving task.

        Raises:
            RequestTooSlow: When nothing arrives for too long.
            BadRequest: When its framing is broken.
        """
        expectations = self.head.index.get(b"expect")
        if expectations is not None and expectations[0].lower() == b"100-continue" and not self.head.http10 and not self.started:
            self._wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        while (chunk := await self._inflow.take()) is not None:
            yield chunk

    def start(self, status: int, fields: Iterable[Field], *, length: int | None = None, reason: bytes | None = None) -> None:
        """Begins the answer. Its head leaves with the first bytes of the body, or as soon as the loop is free.

        Args:
            status: 200 to 599.
            fields: Header fields; framing and ``Connection`` are added here.
            length: Bytes of the body when known; None means chunks.
            reason: Reason phrase, the standard one by default.

        Raises:
            BadHeader: When a field holds a line break or NUL.
        """
        self._pending = self._begun(status, fields, length, reason)
        self._wire.soon(self._flush)

    def _begun(self, status: int, fields: Iterable[Field], length: int | None, reason: bytes | None) -> bytes:
        """The head of the answer."""
        lines = [b"HTTP/1.1 %d %b" % (status, REASONS.get(status, b"") if reason is None else reason), *map(b": ".join, fields)]
        bodiless = status in BODILESS
        self._silent = bodiless or self.head.method == "HEAD"
        if length is not None and not bodiless:
            lines.append(b"Content-Length: %d" % length)
            self._left = length
        elif not self._silent and not self.head.http10:
            lines.append(b"Transfer-Encoding: chunked")
            self._chunked = True
        self.last = not self._wire.stays_open() or (self.head.http10 and self._left is None)
        if self.last:
            lines.append(b"Connection: close")
        head = section(lines) + b"\r\n"
        self.started = True
        return head

    async def write(self, chunk: bytes) -> None:
        """Sends bytes of the body; waits while the client does not take them."""
        if not self.put(chunk):
            await self.passed()

    def put(self, chunk: bytes) -> bool:
        """Sends bytes of the body; says whether the client takes more now."""
        if chunk and not self._silent:
            if self._left is not None:
                self._left -= len(chunk)
                if self._left < 0:
                    self._wire.abort()
                    raise AgentSecretsError
            head, self._pending = self._pending, b""
            self._wire.send(head + (chunk_bytes(chunk) if self._chunked else chunk))
        return not self._wire.gate.shut_now

    async def finish(self, trailers: Iterable[Field] = ()) -> None:
        """Ends the answer. One that is shorter than its head said is broken off instead, so that the client sees it."""
        if self._left and not self._silent:
            self._wire.abort()
            raise AgentSecretsError
        end = last_chunk(trailers) if self._chunked else b""
        head, self._pending = self._pending, b""
        self._wire.send(head + end)
        self.finished = True
        await self.passed()

    async def respond(self, status: int, fields: Iterable[Field], body: bytes, reason: bytes | None = None) -> None:
        """A whole answer at once; arguments as for ``start``."""
        self.answer(status, fields, body, reason)
        await self.passed()

    def answer(self, status: int, fields: Iterable[Field], body: bytes, reason: bytes | None = None) -> None:
        """Sends a whole answer, and does not wait while the client does not take it."""
        head = self._begun(status, fields, len(body), reason)
        self._wire.send(head if self._silent else head + body)
        self.finished = True

    @property
    def taken(self) -> bool:
        """Whether the client takes what is sent."""
        return not self._wire.gate.shut_now

    async def passed(self) -> None:
        """Waits while the client does not take what is sent."""
        await self._wire.gate.passed()

    def abort(self) -> None:
        """Breaks the connection: the client must see that the answer is not complete."""
        self._wire.abort()

    def _flush(self) -> None:
        if self._pending:
            head, self._pending = self._pending, b""
            self._wire.send(head)
