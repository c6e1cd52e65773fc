"""Either side may leave at any point: the other side sees it, the log knows it, and the place is free."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from agentsecrets.network.http1.limits import Limits
from tests.conftest import Counted
from tests.parts.equipped import STYLES, VALUE, equipped
from tests.parts.front import front
from tests.parts.house import House
from tests.parts.patience import until
from tests.parts.tls import Seen, TlsUpstream

QUICK = replace(Limits(), first_byte_seconds=5, silence_seconds=5, body_seconds=5)


def _ids(house: House, phase: str) -> list[str]:
    return [row.id for row in house.log.rows(0, 10_000) if row.phase == phase]


async def _every_intent_has_an_outcome(house: House) -> None:
    await until(lambda: house.engine.under_way == 0)
    await until(lambda: set(_ids(house, "intent")) <= set(_ids(house, "outcome")))
    await house.journal.settle()
    outcomes = _ids(house, "outcome")
    assert len(set(outcomes)) == len(outcomes)


def test_a_client_that_leaves_after_any_byte_leaves_nothing_behind(tmp_path: Path, counted: Counted):
    async def tell() -> int:
        async with equipped(tmp_path, upstream, QUICK) as house, front(house) as opened:
            asked = STYLES["bearer"]
            raw = opened.request(("X-AS-Target-URL", upstream.url("/sse?events=3&of=bearer")), asked.header, method="POST", body=b"x" * 20)
            ends = [*range(1, len(raw), 7), *range(len(raw) - 24, len(raw) + 1)]
            for end in ends:
                _, writer = await asyncio.open_connection("127.0.0.1", opened.port)
                writer.write(raw[:end])
                await asyncio.sleep(0)
                writer.transport.abort()
            await _every_intent_has_an_outcome(house)
            answer = await opened.tell(opened.request(("X-AS-Target-URL", upstream.url("/echo")), asked.header))
            assert answer.startswith(b"HTTP/1.1 200 ")
            return len(ends)

    with TlsUpstream() as upstream:
        tried = asyncio.run(tell())
    counted(f"clients that leave: {tried} points of a request, 0 places kept")


@pytest.mark.parametrize(
    "path", ["/silent", "/sse?events=100000&gap=0.001", "/big?bytes=1000000000"], ids=["waiting", "events", "a long body"]
)
def test_a_client_that_leaves_within_an_answer_lets_the_upstream_go(tmp_path: Path, path: str):
    async def tell() -> None:
        async with equipped(tmp_path, upstream, QUICK) as house, front(house) as opened:
            reader, writer = await asyncio.open_connection("127.0.0.1", opened.port)
            writer.write(opened.request(("X-AS-Target-URL", upstream.url(path)), STYLES["bearer"].header))
            await until(lambda: len(upstream.seen) == 1)
            if path != "/silent":
                await reader.readexactly(4096)
            writer.transport.abort()
            await _every_intent_has_an_outcome(house)
            assert b'"outcome":"cancelled"' in house.log.rows(0, 100)[-1].payload

    with TlsUpstream() as upstream:
        asyncio.run(tell())


WHOLE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nabc\r\n0\r\nX-Trailer: t\r\n\r\n"
)


def test_an_upstream_that_leaves_after_any_byte_is_never_taken_for_done(tmp_path: Path, counted: Counted):
    cut = 0

    async def leaves(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE[:cut])
        await writer.drain()
        writer.close()

    async def tell() -> None:
        nonlocal cut
        async with equipped(tmp_path, upstream, QUICK) as house, front(house) as opened:
            for cut in range(len(WHOLE)):
                answer = await opened.tell(opened.request(("X-AS-Target-URL", upstream.url("/leaves")), STYLES["bearer"].header))
                refused = answer.startswith(b"HTTP/1.1 502 ")
                head, _, body = answer.partition(b"\r\n\r\n")
                broken_off = head.startswith(b"HTTP/1.1 200 ") and b"0\r\n" not in body
                assert refused or broken_off or not answer, (cut, answer)
                assert VALUE.encode() not in answer
            await _every_intent_has_an_outcome(house)

    with TlsUpstream() as upstream:
        upstream.on("/leaves", leaves)
        asyncio.run(tell())
    counted(f"upstreams that leave: {len(WHOLE)} points of an answer, 0 taken for whole")


def test_a_stop_lets_calls_end_and_breaks_off_those_that_do_not(tmp_path: Path):
    async def tell() -> None:
        go = asyncio.Event()
        loop = asyncio.get_running_loop()

        async def waits(_seen: Seen, writer: asyncio.StreamWriter) -> None:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(go.wait(), loop))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")

        upstream.on("/waits", waits)
        async with equipped(tmp_path, upstream, QUICK) as house, front(house) as opened:
            calls = [
                asyncio.ensure_future(opened.tell(opened.request(("X-AS-Target-URL", upstream.url(path)), STYLES["bearer"].header)))
                for path in ("/waits", "/waits", "/silent")
            ]
            idle_reader, idle_writer = await asyncio.open_connection("127.0.0.1", opened.port)
            await until(lambda: house.engine.under_way == 3 and len(upstream.seen) == 3)
            stopping = asyncio.ensure_future(opened.listener.close(1.5))
            assert await asyncio.wait_for(idle_reader.read(), 5) == b""
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", opened.port)
            go.set()
            ended = await asyncio.gather(*calls)
            assert [answer.endswith(b"done") for answer in ended] == [True, True, False]
            await stopping
            idle_writer.close()
            await _every_intent_has_an_outcome(house)

    with TlsUpstream() as upstream:
        asyncio.run(tell())
