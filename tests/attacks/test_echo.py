"""An upstream that says the credential again, in any listed form, through any channel, is not heard by the agent."""

from __future__ import annotations

import asyncio
import gzip
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from backports import zstd

from agentsecrets.errors import EchoEnclosed, UndecodableResponse
from agentsecrets.redact import MARK
from tests.parts.forms import FORMS
from tests.parts.gathered import Gathered
from tests.parts.house import House, open_house, read
from tests.parts.tls import Behaviour, Seen, TlsUpstream, chunk

VALUE = b"sk_live_51HxQ/7+zvBq=Lm9"
CHANNELS = {"body": (1,), "header": (1,), "cookie": (1,), "location": (1,), "reason": (1,), "chunks": (1, 7, 4096), "trailer": (1,)}
"""Channel → sizes of the pieces in which it is sent."""
IN_FIELDS = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
"""What may stand in a field (RFC 9110 §5.5)."""


async def _with_key(house: House, upstream: TlsUpstream) -> None:
    await house.allow(upstream.allowed)
    await house.set("KEY", VALUE)


@pytest.mark.parametrize("channel", sorted(CHANNELS))
def test_no_form_of_the_value_comes_through(tmp_path: Path, channel: str) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _with_key(house, upstream)
            for form in sorted(FORMS):
                if channel not in {"body", "chunks"} and not IN_FIELDS.fullmatch(FORMS[form](VALUE)):
                    continue
                for size in CHANNELS[channel]:
                    url = upstream.url(f"/leak/{form}?of=bearer&in={channel}&size={size}")
                    reply = await house.call(url, ("X-AS-Inject-Bearer", "KEY"))
                    body = await read(reply)
                    heard = b"\n".join((reply.reason, body, *(part for field in (*reply.fields, *reply.trailers) for part in field)))
                    assert FORMS[form](VALUE) not in heard, (form, channel, size)
                    assert reply.redactions > 0, (form, channel, size)

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_each_server_sent_event_is_redacted_and_released_at_once(tmp_path: Path) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _with_key(house, upstream)
            reply = await house.call(upstream.url("/sse?events=5&of=bearer"), ("X-AS-Inject-Bearer", "KEY"))
            await reply.pass_on(chunks := Gathered())
            assert VALUE not in b"".join(chunks)
            assert b"".join(chunks).count(b"data: event") == 5
            assert reply.redactions == 5
            assert all(chunk.endswith(b"\n\n") for chunk in chunks)

    with TlsUpstream() as upstream:
        asyncio.run(tell())


CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress,
    "gzip, br": lambda body: brotli.compress(gzip.compress(body)),
}  # fmt: skip
BULK = b"".join(b'{"id": %d, "name": "an item of the list"},\n' % number for number in range(5000))


def _coded(coder: Callable[[bytes], bytes], declared: str, bulk: bytes) -> Behaviour:
    """Says the credential in a compressed body, with ``bulk`` around it, in chunks of a kilobyte when that is long."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> None:
        body = coder(bulk + seen.credential() + bulk)
        head = f"HTTP/1.1 200 OK\r\n{f'Content-Encoding: {declared}' if declared else 'X-Nothing: said'}\r\n".encode()
        if not bulk:
            writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            return
        writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
        for at in range(0, len(body), 1000):
            writer.write(chunk(body[at : at + 1000]))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    return behave


@pytest.mark.parametrize("bulk", [b"", BULK], ids=["short", "long"])
def test_a_coding_is_taken_off_and_what_was_in_it_redacted(tmp_path: Path, bulk: bytes) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _with_key(house, upstream)
            for coding, coder in CODERS.items():
                upstream.on("/coded", _coded(coder, coding, bulk))
                reply = await house.call(upstream.url("/coded"), ("X-AS-Inject-Bearer", "KEY"))
                assert b"content-encoding" not in [name.lower() for name, _ in reply.fields]
                assert await read(reply) == bulk + MARK + bulk, coding
                assert reply.redactions == 1

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def _opened(coding: str, begun: bytes) -> bytes:
    """What somebody gets out of the beginning of a compressed body."""
    return zstd.ZstdDecompressor().decompress(begun) if coding == "zstd" else zlib.decompressobj(47).decompress(begun)


@pytest.mark.parametrize("bulk", [b"", BULK], ids=["short", "long"])
def test_a_compressed_body_that_nobody_declared_does_not_carry_the_value_through(tmp_path: Path, bulk: bytes) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _with_key(house, upstream)
            for coding in ("gzip", "deflate", "zstd"):
                upstream.on("/coded", _coded(CODERS[coding], "", bulk))
                heard = Gathered()
                with pytest.raises(EchoEnclosed):
                    await _hear(house, heard)
                assert VALUE not in _opened(coding, heard.whole)

    async def _hear(house: House, heard: Gathered) -> None:
        reply = await house.call(upstream.url("/coded"), ("X-AS-Inject-Bearer", "KEY"))
        await reply.pass_on(heard)

    with TlsUpstream() as upstream:
        asyncio.run(tell())


@pytest.mark.parametrize("coding", ["compress", "gzip, gzip, gzip", "gzip", "br"])
def test_an_answer_in_an_unknown_or_broken_coding_is_refused(tmp_path: Path, coding: str) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _with_key(house, upstream)
            upstream.on("/coded", _coded(lambda body: body, coding, b""))
            with pytest.raises(UndecodableResponse):
                await house.call(upstream.url("/coded"), ("X-AS-Inject-Bearer", "KEY"))

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def _sending(archive: bytes) -> Behaviour:
    async def send(_: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/gzip\r\nContent-Length: %d\r\n\r\n" % len(archive) + archive)

    return send


def test_an_innocent_archive_arrives_as_it_was_sent(tmp_path: Path) -> None:
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _with_key(house, upstream)
            for archive in (gzip.compress(BULK), gzip.compress(BULK * 4, 0)):
                upstream.on("/archive", _sending(archive))
                reply = await house.call(upstream.url("/archive"), ("X-AS-Inject-Bearer", "KEY"))
                assert await read(reply) == archive
                assert reply.redactions == 0

    with TlsUpstream() as upstream:
        asyncio.run(tell())
