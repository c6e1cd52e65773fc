"""A client that is slow, silent or deaf takes nothing from anybody else, and its place is given back."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agentsecrets.network.http1.limits import Limits
from tests.parts.equipped import STYLES, equipped
from tests.parts.front import Front, front
from tests.parts.patience import until
from tests.parts.tls import TlsUpstream

QUICK = replace(Limits(), head_seconds=0.4, idle_seconds=0.4, body_seconds=0.4, stall_seconds=0.5, linger_seconds=0.1)


async def _drip(opened: Front, raw: bytes) -> bytes:
    """One byte now and one a moment later, as long as the other side listens."""
    reader, writer = await asyncio.open_connection("127.0.0.1", opened.port)
    answer = asyncio.ensure_future(reader.read())
    for byte in raw:
        if answer.done():
            break
        writer.write(bytes([byte]))
        await asyncio.sleep(0.05)
    try:
        return await asyncio.wait_for(answer, 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def test_a_head_that_drips_is_given_up_although_bytes_keep_coming(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house, front(house, QUICK) as opened:
            started = time.monotonic()
            answer = await _drip(opened, opened.request(("X-AS-Target-URL", upstream.url("/echo"))))
            assert b"request_too_slow" in answer
            assert time.monotonic() - started < 3
            assert not opened.admitted

    with TlsUpstream() as upstream:
        asyncio.run(tell())


@pytest.mark.parametrize("framing", ["Content-Length: 100", "Transfer-Encoding: chunked"])
def test_a_body_that_stops_is_given_up_and_the_call_ends(tmp_path: Path, framing: str):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house, front(house, QUICK) as opened:
            name, value = framing.split(": ")
            for asked in (STYLES["bearer"], STYLES["body"]):
                head = opened.request(("X-AS-Target-URL", upstream.url("/echo")), asked.header, (name, value), method="PUT")
                answer = await opened.tell(head + b'5\r\n{"a":')
                assert b"request_too_slow" in answer
            await until(lambda: house.engine.under_way == 0)

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert not upstream.seen


def test_five_hundred_slow_connections_do_not_hold_up_a_call(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house, front(house, replace(QUICK, head_seconds=20, idle_seconds=20)) as opened:
            call = opened.request(("X-AS-Target-URL", upstream.url("/echo")), STYLES["bearer"].header)
            slow = [await asyncio.open_connection("127.0.0.1", opened.port) for _ in range(500)]
            for number, (_, writer) in enumerate(slow):
                writer.write(call[: number % 200])
            started = time.monotonic()
            assert (await opened.tell(call)).startswith(b"HTTP/1.1 200 ")
            assert time.monotonic() - started < 10  # of the 20 seconds that each of them may take
            for _, writer in slow:
                writer.close()

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_those_who_hold_connections_open_keep_nobody_out(tmp_path: Path):
    async def tell() -> None:
        few = replace(QUICK, head_seconds=300, idle_seconds=300, client_connections=20)  # longer than anybody waits here
        async with equipped(tmp_path, upstream) as house, front(house, few) as opened:
            held = [await asyncio.open_connection("127.0.0.1", opened.port) for _ in range(100)]
            for _ in range(5):
                call = opened.request(("X-AS-Target-URL", upstream.url("/echo")), STYLES["bearer"].header)
                assert (await opened.tell(call)).startswith(b"HTTP/1.1 200 ")
            await until(lambda: sum(reader.at_eof() or reader.exception() is not None for reader, _ in held) >= 80)
            for _, writer in held:
                writer.close()

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_a_client_that_does_not_read_is_dropped_and_the_upstream_is_let_go(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house, front(house, QUICK) as opened:
            reader, writer = await asyncio.open_connection("127.0.0.1", opened.port, limit=1024)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(opened.request(("X-AS-Target-URL", upstream.url("/big?bytes=1000000000")), STYLES["bearer"].header))
            await until(lambda: house.engine.under_way == 1)
            await until(lambda: house.engine.under_way == 0)
            writer.close()
            assert not reader.at_eof()

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_an_idle_connection_is_closed_before_and_after_a_request(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house, front(house, QUICK) as opened:
            started = time.monotonic()
            assert await opened.tell(b"") == b""
            answer = await opened.tell(opened.request(path="/health", close=False))
            assert answer.endswith(b'"project":""}')
            assert time.monotonic() - started < 5

    with TlsUpstream() as upstream:
        asyncio.run(tell())
