"""An upstream that says the credential again, in any listed form, through any channel, is not heard by the agent."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from agentsecrets.errors import UndecodableResponse
from agentsecrets.model.allowlist import AllowedHost
from tests.parts.forms import FORMS
from tests.parts.house import House, open_house, read
from tests.parts.tls import TlsUpstream

VALUE = b"sk_live_51HxQ/7+zvBq=Lm9"
CHANNELS = {"body": (1,), "header": (1,), "cookie": (1,), "location": (1,), "reason": (1,), "chunks": (1, 7, 4096), "trailer": (1,)}
"""Channel → sizes of the pieces in which it is sent."""
IN_FIELDS = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
"""What may stand in a field (RFC 9110 §5.5)."""


async def _with_key(house: House, upstream: TlsUpstream) -> None:
    port = int(upstream.origin.rpartition(":")[2])
    await house.allow(AllowedHost("localhost", port, private=("127.0.0.0/8", "::1/128"), ca=upstream.ca_pem))
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
            chunks = [chunk async for chunk in reply.body()]
            assert VALUE not in b"".join(chunks)
            assert b"".join(chunks).count(b"data: event") == 5
            assert reply.redactions == 5
            assert all(chunk.endswith(b"\n\n") for chunk in chunks)

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_a_compressed_answer_to_an_injected_call_is_refused(tmp_path: Path) -> None:
    async def zipped(seen: object, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001  (every behaviour has this shape)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc")

    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            await _with_key(house, upstream)
            with pytest.raises(UndecodableResponse):
                await house.call(upstream.url("/zipped"), ("X-AS-Inject-Bearer", "KEY"))

    with TlsUpstream() as upstream:
        upstream.on("/zipped", zipped)
        asyncio.run(tell())
