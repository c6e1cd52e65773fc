"""Both ends of a transport under test: a served listener, a raw client, and an upstream that says exactly what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.target import Target
from agentsecrets.network.address import Resolver
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.messages import RequestHead
from agentsecrets.network.http1.server import Exchange, Peer, ServerConnection, Service
from agentsecrets.network.upstream import HttpUpstream
from agentsecrets.ports import Body, Outbound

SECONDS = 10.0
SHORT = Limits(
    head_seconds=0.3, idle_seconds=0.6, body_seconds=0.3, stall_seconds=0.5, connect_seconds=1, tls_seconds=1,
    first_byte_seconds=0.5, silence_seconds=0.5, linger_seconds=0.2,
)  # fmt: skip

Serve = Callable[[Exchange], Awaitable[None]]


async def echo(exchange: Exchange) -> None:
    """Answers with method, target and body."""
    body = b"".join([chunk async for chunk in exchange.body()])
    said = b"%b %b %b" % (exchange.head.method.encode(), exchange.head.target, body)
    await exchange.respond(200, [(b"Content-Type", b"text/plain")], said)


@dataclass
class Served:
    """A listener with what it saw."""

    port: int = 0
    heads: list[RequestHead] = field(default_factory=list)
    connections: set[ServerConnection] = field(default_factory=set)

    async def tell(self, *parts: bytes) -> bytes:
        """Sends bytes in parts and reads until the server closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0)
        try:
            return await asyncio.wait_for(reader.read(), SECONDS)
        finally:
            writer.close()


@asynccontextmanager
async def served(serve: Serve = echo, limits: Limits = SHORT) -> AsyncIterator[Served]:
    """A listener on loopback."""
    listening = Served()

    def admit(head: RequestHead, _peer: Peer) -> None:
        listening.heads.append(head)

    service = Service(admit, serve, lambda _: Peer("tcp", None), limits)
    server = await asyncio.get_running_loop().create_server(lambda: ServerConnection(service, listening.connections), "127.0.0.1", 0)
    listening.port = server.sockets[0].getsockname()[1]
    try:
        yield listening
    finally:
        server.close()
        for connection in list(listening.connections):
            connection.abort()


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def upstream_that(script: Script) -> AsyncIterator[tuple[int, list[int]]]:
    """A plain upstream that runs a script on each connection; yields its port and a list with one entry for each connection."""
    accepted: list[int] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(len(accepted) + 1)
        try:
            await script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side has left, which is its right
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=1 << 20)
    try:
        yield server.sockets[0].getsockname()[1], accepted
    finally:
        server.close()


def says(*answers: bytes) -> Script:
    """A script that gives one answer to each request head and then closes."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()

    return script


def outbound(
    port: int, *, method: str = "GET", body: Body = None, length: int | None = None, scheme: str = "http", ca: str = ""
) -> Outbound:
    """A request to loopback."""
    target = Target("https" if scheme == "https" else "http", "localhost", port, "/")
    allowed = AllowedHost("localhost", port, plain_http=scheme == "http", private=("127.0.0.0/8", "::1/128"), ca=ca)
    return Outbound(target, allowed, method, b"/", b"Host: localhost\r\n", body, length)


async def loopback(_host: str, _port: int) -> list[str]:
    """A look-up that knows one address."""
    return ["127.0.0.1"]


@asynccontextmanager
async def network(limits: Limits = SHORT) -> AsyncIterator[HttpUpstream]:
    """The transport towards upstreams."""
    upstream = HttpUpstream(Resolver(set(), loopback), limits)
    try:
        yield upstream
    finally:
        upstream.close()
