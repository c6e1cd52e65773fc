"""Nothing that is too long, too deep or without end is taken into memory, from either side."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from agentsecrets.errors import AgentSecretsError
from agentsecrets.network.http1.limits import Limits
from tests.parts.equipped import STYLES, equipped
from tests.parts.front import front
from tests.parts.patience import until
from tests.parts.tls import Seen, TlsUpstream

MEMORY = 48 << 20
"""Most that a bomb may make us hold, in bytes, the test's own part included."""

HEADS = {
    "a long request line": b"GET /" + b"a" * 200_000,
    "a long field": b"GET /proxy HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 200_000,
    "many fields": b"GET /proxy HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 101 + b"\r\n",
    "a million blank lines": b"\r\n" * 1_000_000,
    "a chunk extension without end": b"POST /proxy HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"a" * 500_000,
}


@pytest.mark.parametrize("raw", HEADS.values(), ids=HEADS.keys())
def test_a_head_that_is_too_long_is_refused(tmp_path: Path, raw: bytes):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house, front(house) as opened:
            answer = await opened.tell(raw.replace(b"%d", b"%d" % opened.port))
            assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 401", b"HTTP/1.1 403") or not answer
            assert house.engine.under_way == 0

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert not upstream.seen


async def _endless(part: bytes, pace: list[int]) -> AsyncIterator[bytes]:
    while True:
        pace.append(len(part))
        yield part
        await asyncio.sleep(0)


@pytest.mark.parametrize("style", ["body", "form"])
def test_a_body_that_needs_to_be_whole_is_given_up_at_ten_mebibytes(tmp_path: Path, style: str):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            asked = STYLES[style]  # type: ignore[index]
            fields = ((asked.field.encode(), asked.key.encode()), (b"Content-Type", asked.kind.encode()))
            call = house.asked("POST", upstream.url("/echo"), *fields)
            pace: list[int] = []
            with pytest.raises(AgentSecretsError) as refused:
                await house.engine.run(call, _endless(b"a" * 65536, pace), None)
            assert refused.value.slug == "bad_body"
            assert sum(pace) < 11 << 20

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert not upstream.seen


DEEP = [b'{"a":' * 65 + b"1" + b"}" * 65, b'{"a":' + b"[" * 500_000, b'{"a":' * 200_000, b'{"a":' + b"9" * 1_000_000 + b"}"]


@pytest.mark.parametrize("body", DEEP, ids=["65 levels", "half a million levels", "open objects", "a number of a million digits"])
def test_json_that_is_deep_or_long_is_refused_or_kept_without_being_computed(tmp_path: Path, body: bytes):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            try:
                await house.call(
                    upstream.url("/echo"), STYLES["body"].header, ("Content-Type", "application/json"), method="POST", body=body
                )
            except AgentSecretsError as refused:
                assert refused.slug == "bad_body"  # noqa: PT017  (the number is fine)

    with TlsUpstream() as upstream:
        asyncio.run(asyncio.wait_for(tell(), 20))


@pytest.mark.parametrize("framing", ["length", "chunked", "until close"])
def test_an_answer_without_end_is_held_back_while_the_client_does_not_read(tmp_path: Path, framing: str):
    sent = 0

    async def endless(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        said = {"length": b"Content-Length: 999999999999\r\n", "chunked": b"Transfer-Encoding: chunked\r\n", "until close": b""}[framing]
        writer.write(b"HTTP/1.1 200 OK\r\n" + said + b"\r\n")
        block = b"z" * 65536
        while True:
            writer.write(b"10000\r\n" + block + b"\r\n" if framing == "chunked" else block)
            await writer.drain()
            sent += len(block)

    async def tell() -> None:
        quick = replace(Limits(), stall_seconds=1.0)
        async with equipped(tmp_path, upstream) as house, front(house, quick) as opened:
            _, writer = await asyncio.open_connection("127.0.0.1", opened.port, limit=1024)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            tracemalloc.start()
            try:
                writer.write(opened.request(("X-AS-Target-URL", upstream.url("/endless")), STYLES["bearer"].header))
                await until(lambda: sent > 0)
                await until(lambda: house.engine.under_way == 0)
                assert tracemalloc.get_traced_memory()[1] < MEMORY
            finally:
                tracemalloc.stop()
                writer.close()

    with TlsUpstream() as upstream:
        upstream.on("/endless", endless)
        asyncio.run(tell())
    assert sent < MEMORY
