"""What the upstream of HTTP clients does: bodies of any length in either framing, none of them in memory, and the corners of HTTP."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import random
import zlib
from collections.abc import AsyncIterator, Callable

import brotli

from tests.parts.tls import Raw, Seen, TlsUpstream, answer, chunk

BLOCK = random.Random(9110).randbytes(65536)
"""What long bodies are made of, over and over."""

OK = b"HTTP/1.1 200 OK\r\n"
BINARY = b"Content-Type: application/octet-stream\r\n"
CODINGS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}


def parts_of(size: int) -> list[bytes]:
    """A long body in parts."""
    return [BLOCK] * (size // len(BLOCK)) + ([BLOCK[: size % len(BLOCK)]] if size % len(BLOCK) else [])


def digest_of(size: int) -> str:
    """SHA-256 of a long body."""
    digest = hashlib.sha256()
    for part in parts_of(size):
        digest.update(part)
    return digest.hexdigest()


class Exchanges:
    """Adds its behaviours to an upstream.

    Attributes:
        given: Bytes of the body that ``/give`` has handed to its transport, since it was last asked.
        ended: How many exchanges of those that begin with the head have ended, one way or the other.
        step: Set to let ``/events`` and ``/gated`` go on; they clear it again.
    """

    def __init__(self, upstream: TlsUpstream) -> None:
        self._upstream = upstream
        self.given = 0
        self.ended = 0
        self.step = asyncio.Event()
        upstream.on_head("/give", self._noted(self._give))
        upstream.on_head("/take", self._noted(_take))
        upstream.on_head("/early", self._noted(_early))
        upstream.on_head("/hang-up", self._noted(_hang_up))
        upstream.on("/events", self._events)
        upstream.on("/coded", _coded)
        upstream.on("/corners", _corners)
        upstream.on("/hints", _hints)
        upstream.on("/cut", _cut)
        upstream.on("/trailers", _trailers)
        upstream.on("/asks", _asks)

    def go_on(self) -> None:
        """Lets a behaviour that waits take its next step."""
        self._upstream.soon(self.step.set)

    def _noted(self, deed: Raw) -> Raw:
        async def noted(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await deed(seen, reader, writer)
                await writer.drain()
            finally:
                self.ended += 1

        return noted

    async def _give(self, seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """``/give?bytes=N&framing=length|chunked|close``: a body of so many bytes."""
        size, framing = int(seen.query["bytes"]), seen.query["framing"]
        self.given = 0
        said = {"length": b"Content-Length: %d\r\n" % size, "chunked": b"Transfer-Encoding: chunked\r\n", "close": b"Connection: close\r\n"}
        writer.write(OK + BINARY + said[framing] + b"\r\n")
        for part in parts_of(size) if seen.method != "HEAD" else ():
            if writer.transport.is_closing():
                break
            writer.write(chunk(part) if framing == "chunked" else part)
            await writer.drain()
            self.given += len(part)
        if framing == "chunked":
            writer.write(b"0\r\n\r\n")
        if framing == "close":
            writer.close()

    async def _events(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        """``/events?events=N&of=…``: says the credential in each event but the first, and waits to be told to go on behind each."""
        writer.write(OK + b"Content-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(int(seen.query["events"])):
            said = b" " + seen.credential() if number else b""
            writer.write(chunk(b"id: %d\ndata: event%s\n\n" % (number, said)))
            await writer.drain()
            await self.step.wait()
            self.step.clear()
        writer.write(b"0\r\n\r\n")


async def body_of(seen: Seen, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The body of a request as it arrives."""
    if seen.header("Transfer-Encoding").lower() == "chunked":
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            yield await reader.readexactly(size)
            await reader.readexactly(2)
        while await reader.readuntil(b"\r\n") != b"\r\n":
            pass
        return
    left = int(seen.header("Content-Length") or "0")
    while left:
        part = await reader.read(min(left, 1 << 18))
        if not part:
            raise asyncio.IncompleteReadError(b"", left)
        left -= len(part)
        yield part


async def _take(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """``/take``: takes a body of any length; says its length, its hash and its framing."""
    if seen.header("Expect").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    digest, size = hashlib.sha256(), 0
    async for part in body_of(seen, reader):
        digest.update(part)
        size += len(part)
    framing = seen.header("Transfer-Encoding") or seen.header("Content-Length")
    writer.write(answer(200, json.dumps({"bytes": size, "sha256": digest.hexdigest(), "framing": framing, "method": seen.method}).encode()))


async def _early(_seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """``/early``: refuses before the body is read, and closes."""
    writer.write(answer(413, b'{"error": "too much"}', ("Connection", "close"), reason="Content Too Large"))
    await writer.drain()
    writer.close()


async def _hang_up(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """``/hang-up?after=N``: breaks the connection within the request's body."""
    size, most = 0, int(seen.query["after"])
    async for part in body_of(seen, reader):
        size += len(part)
        if size >= most:
            break
    writer.transport.abort()


async def _coded(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """``/coded?coding=gzip|deflate|br&of=…``: compressed, whatever was asked for; with the credential when ``of`` says which."""
    said = seen.credential() if "of" in seen.query else b"nothing"
    text = b'{"token": "' + said + b'", "more": "' + base64.b64encode(BLOCK[:3000]) + b'"}'
    coding = seen.query["coding"]
    writer.write(answer(200, CODINGS[coding](text), ("Content-Encoding", coding), ("Vary", "Accept-Encoding"), ("ETag", '"1"')))


async def _corners(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """``/corners/NNN``: a status with the fields that are easily lost, joined or changed."""
    status = int(seen.path.rsplit("/", 1)[-1])
    fields = [
        "Set-Cookie: a=1; Path=/; Expires=Wed, 09 Jun 2027 10:18:14 GMT",
        "Set-Cookie: b=2; HttpOnly",
        "Set-Cookie: a=3",
        "X-Latin: caf\xe9",
        "X-UTF8: " + "日本".encode().decode("latin-1"),
        "X-Empty:",
        "X-Twice: 1",
        "x-twice: 2",
        "X-UPPER_and_lower: kept",
        'WWW-Authenticate: Bearer realm="a, b", error="invalid_token"',
        "Retry-After: 120",
        "RateLimit-Remaining: 0",
        'Link: </2>; rel="next", </9>; rel="last"',
        "Date: Wed, 25 Nov 2026 09:00:00 GMT",
        "Server: upstream/1",
        "Cache-Control: private, max-age=0",
    ]
    if seen.query.get("to"):
        fields.append("Location: " + seen.query["to"].replace("CREDENTIAL", seen.credential().decode()))
    head = "\r\n".join([f"HTTP/1.1 {status} In Its Own Words", *fields, "Content-Type: text/plain", ""])
    body = b"" if status in {204, 304} else b"a body of its own\n"
    length = "" if status == 204 else f"Content-Length: {18 if status == 304 else len(body)}\r\n"
    writer.write((head + length + "\r\n").encode("latin-1") + (b"" if seen.method == "HEAD" else body))


async def _hints(_seen: Seen, writer: asyncio.StreamWriter) -> None:
    """``/hints``: informational answers before the final one."""
    for line in (b"100 Continue", b"102 Processing", b"103 Early Hints\r\nLink: </style.css>; rel=preload"):
        writer.write(b"HTTP/1.1 " + line + b"\r\n\r\n")
        await writer.drain()
    writer.write(answer(200, b'{"hints": 3}'))


async def _cut(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """``/cut?framing=length|chunked|close&bytes=N``: breaks off within its body; without length, by a connection that just ends."""
    size, framing = int(seen.query["bytes"]), seen.query["framing"]
    said = {
        "length": b"Content-Length: %d\r\n" % (size * 2),
        "chunked": b"Transfer-Encoding: chunked\r\n",
        "close": b"Connection: close\r\n",
    }
    writer.write(OK + BINARY + said[framing] + b"\r\n")
    for part in parts_of(size):
        writer.write(chunk(part) if framing == "chunked" else part)
        await writer.drain()
    writer.transport.abort()


async def _trailers(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """``/trailers?of=…``: two trailer fields, one with the credential."""
    writer.write(OK + b"Content-Type: text/plain\r\nTrailer: X-Sum, X-Echo\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"a body"))
    writer.write(b"0\r\nX-Sum: 6\r\nX-Echo: " + seen.credential() + b"\r\n\r\n")


async def _asks(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """``/asks``: how the request arrived: its fields, and the number of its connection."""
    writer.write(answer(200, json.dumps({"connection": seen.connection, "fields": seen.fields}).encode()))
