"""A real upstream on loopback: TLS with a throwaway authority, HTTP/1.1 written by hand so that it can misbehave exactly.

``with TlsUpstream() as upstream:`` serves from a thread of its own. What it does depends on the path of the request; a test can add
behaviours of its own with ``upstream.on("/path", behaviour)``.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import tempfile
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from agentsecrets.crypto.localca import LocalCA
from agentsecrets.model.allowlist import AllowedHost
from tests.parts.forms import FORMS

NAMES = ("localhost", "127.0.0.1", "::1", "api.localhost")


@dataclass(frozen=True)
class Seen:
    """One request as it arrived.

    Attributes:
        method: As written.
        target: Path and query as written.
        fields: Header fields in order, names and values as written.
        body: Transfer coding removed.
        connection: Number of the connection that it came on, from 1.
    """

    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def header(self, name: str) -> str:
        """The value of a field, empty when it is not there."""
        return next((value for key, value in self.fields if key.lower() == name.lower()), "")

    def credential(self) -> bytes:
        """What the query parameter ``of`` points at: ``bearer`` (default), ``basic``, ``header:NAME``, ``query:NAME`` or ``body``."""
        kind, _, name = self.query.get("of", "bearer").partition(":")
        if kind == "header":
            return self.header(name).encode("latin-1")
        if kind == "query":
            return self.query.get(name, "").encode()
        if kind == "body":
            return self.body
        word = self.header("Authorization").partition(" ")[2]
        return base64.b64decode(word) if kind == "basic" else word.encode("latin-1")


Behaviour = Callable[["Seen", asyncio.StreamWriter], Awaitable[None]]
Raw = Callable[["Seen", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What is done when only the head is in: the body of the request is still to be read."""


def answer(
    status: int = 200, body: bytes = b"", *fields: tuple[str, str], reason: str = "OK", content_type: str = "application/json"
) -> bytes:
    """A whole answer with a length."""
    head = [f"HTTP/1.1 {status} {reason}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    head += [f"{name}: {value}" for name, value in fields]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def chunk(part: bytes) -> bytes:
    """One part of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(part), part)


class TlsUpstream:
    """The upstream of a test.

    Attributes:
        port: Where it listens on 127.0.0.1.
        ca: The authority that issued its certificate.
        seen: Every whole request, in order.
        connections: How many connections were accepted.
    """

    def __init__(self, *, names: tuple[str, ...] = NAMES, expired: bool = False, tls: bool = True, ca: LocalCA | None = None) -> None:
        self.ca = ca or LocalCA.create()
        self.port = 0
        self.seen: list[Seen] = []
        self.connections = 0
        self._context = server_context(self.ca, names, expired=expired) if tls else None
        self._behaviours: dict[str, Behaviour] = dict(BEHAVIOURS)
        self._raw: dict[str, Raw] = {}
        self._loop = asyncio.SelectorEventLoop()  # as some other program: not the loop of the daemon
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def origin(self) -> str:
        """``https://localhost:PORT``, or ``http`` without TLS."""
        return f"{'https' if self._context else 'http'}://localhost:{self.port}"

    @property
    def ca_pem(self) -> str:
        """The authority's certificate in PEM."""
        return self.ca.pem.decode()

    @property
    def allowed(self) -> AllowedHost:
        """Its entry on an allowlist."""
        return AllowedHost("localhost", self.port, not self._context, private=("127.0.0.0/8", "::1/128"), ca=self.ca_pem)

    def url(self, path: str) -> str:
        """The address of a path."""
        return self.origin + path

    def on(self, path: str, behaviour: Behaviour) -> None:
        """Adds or replaces a behaviour for a path and all below it."""
        self._behaviours[path] = behaviour

    def on_head(self, path: str, raw: Raw) -> None:
        """Adds a behaviour for a path that begins before the body is read."""
        self._raw[path] = raw

    def soon(self, deed: Callable[[], object]) -> None:
        """Runs a deed on the upstream's loop, such as setting an event that a behaviour waits for."""
        self._loop.call_soon_threadsafe(deed)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._context, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = self._loop.create_task(self._serve(reader, writer, self.connections))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        try:
            while not writer.is_closing():
                seen = await _read_head(reader, number)
                raw = self._raw.get(seen.path)
                if raw is None:
                    seen = replace(seen, body=await _read_body(seen, reader, writer))
                self.seen.append(seen)
                await (self._behaviour(seen.path)(seen, writer) if raw is None else raw(seen, reader, writer))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass  # the other side has left, which is its right
        finally:
            writer.close()

    def _behaviour(self, path: str) -> Behaviour:
        parts = path.split("/")
        while parts:
            found = self._behaviours.get("/".join(parts) or "/")
            if found is not None:
                return found
            parts.pop()
        return echo


def server_context(ca: LocalCA, names: tuple[str, ...] = NAMES, *, expired: bool = False) -> ssl.SSLContext:
    """TLS with a fresh certificate for some names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "server.pem"
        path.write_bytes(b"".join(ca.issue(*names, expired=expired)))
        context.load_cert_chain(path)
    return context


async def _read_head(reader: asyncio.StreamReader, number: int) -> Seen:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ")
    fields = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:-2])]
    return Seen(method, target, tuple(fields), b"", number)


async def _read_body(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    if seen.header("Expect").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if seen.header("Transfer-Encoding").lower() == "chunked":
        return await _read_chunks(reader)
    return await reader.readexactly(int(seen.header("Content-Length") or "0"))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return b"".join(parts)


# --- what it can do -------------------------------------------------------------------------------------------------------------------


async def echo(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """The request as JSON."""
    told = {
        "method": seen.method,
        "target": seen.target,
        "headers": [list(pair) for pair in seen.fields],
        "body": seen.body.decode("latin-1"),
    }
    writer.write(answer(200, json.dumps(told).encode()))


async def leak(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """``/leak/FORM?of=…&in=body|header|cookie|location|reason|chunks|trailer&size=N``: says the credential again."""
    said = FORMS[seen.path.rsplit("/", 1)[-1]](seen.credential())
    channel, size = seen.query.get("in", "body"), int(seen.query.get("size", "1"))
    text = said.decode("latin-1")
    if channel == "header":
        writer.write(answer(200, b"{}", ("X-Echo", text)))
    elif channel == "cookie":
        writer.write(answer(200, b"{}", ("Set-Cookie", f"session={text}; Path=/")))
    elif channel == "location":
        writer.write(answer(302, b"{}", ("Location", f"https://localhost/next?token={text}")))
    elif channel == "reason":
        writer.write(answer(200, b"{}", reason=text))
    elif channel == "trailer":
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTrailer: X-Echo\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head + chunk(b"body") + b"0\r\nX-Echo: " + said + b"\r\n\r\n")
    elif channel == "chunks":
        await chunked(seen, writer, b"before " + said + b" after", size)
    else:
        writer.write(answer(200, b"before " + said + b" after", content_type="text/plain"))


async def chunked(seen: Seen, writer: asyncio.StreamWriter, body: bytes = b"", size: int = 1) -> None:
    """``/chunked?text=…&size=N``: a chunked body, each part in a write of its own."""
    body = body or seen.query.get("text", "a chunked body").encode()
    size = int(seen.query.get("size", str(size)))
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
    for start in range(0, len(body), size):
        writer.write(chunk(body[start : start + size]))
        await writer.drain()
        await asyncio.sleep(0)
    writer.write(b"0\r\n\r\n")


async def sse(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """``/sse?events=N&gap=SECONDS``: server-sent events; with ``of`` each event says the credential."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    said = b" " + seen.credential() if "of" in seen.query else b""
    for number in range(int(seen.query.get("events", "3"))):
        writer.write(chunk(b"id: %d\ndata: event %d%s\n\n" % (number, number, said)))
        await writer.drain()
        await asyncio.sleep(float(seen.query.get("gap", "0")))
    writer.write(b"0\r\n\r\n")


async def status(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """``/status/NNN``: that status; with ``to`` a ``Location``."""
    number = int(seen.path.rsplit("/", 1)[-1])
    location = (("Location", seen.query["to"]),) if "to" in seen.query else ()
    if number in {204, 304}:
        writer.write(f"HTTP/1.1 {number} Nothing\r\n\r\n".encode())
    else:
        writer.write(answer(number, b'{"status": %d}' % number, *location, reason="As Asked"))


async def big(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """``/big?bytes=N``: a long body with a length."""
    left = int(seen.query.get("bytes", "1000000"))
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {left}\r\n\r\n".encode())
    block = b"0123456789abcdef" * 4096
    while left > 0:
        writer.write(block[:left])
        left -= len(block)
        await writer.drain()


async def reset(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """``/reset/before|in|after``: breaks the connection before, in, or after the head."""
    where = seen.path.rsplit("/", 1)[-1]
    if where == "in":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    elif where == "after":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nonly this much")
    await writer.drain()
    transport = writer.transport
    if where == "before":
        transport.abort()
    else:
        writer.close()


async def silent(seen: Seen, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001  (every behaviour has this shape)
    """Never answers; ends when the connection does."""
    await writer.wait_closed()


BEHAVIOURS: dict[str, Behaviour] = {
    "/echo": echo,
    "/leak": leak,
    "/chunked": chunked,
    "/sse": sse,
    "/status": status,
    "/big": big,
    "/reset": reset,
    "/silent": silent,
}
