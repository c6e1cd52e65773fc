"""What clients may send, and what becomes of those that send something else."""

from __future__ import annotations

import asyncio

import pytest

from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.server import Exchange
from tests.parts.loops import LOOPS
from tests.parts.patience import until
from tests.unit.network.wires import SHORT, echo, served

GET = b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"

REFUSED = {
    "two framings": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "a list of lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\na",
    "a signed length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na",
    "an unknown coding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two targets": b"GET /proxy HTTP/1.1\r\nHost: x\r\nX-AS-Target-URL: https://a\r\nx-as-target-url: https://b\r\n\r\n",
    "a folded line": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: x\n\n",
    "one bare line feed": b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n",
    "a bare carriage return": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/2.0": b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
    "another host in the target": b"GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "a control byte in a value": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x01c\r\n\r\n",
    "NUL in a value": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n",
    "an unknown method": b"FOO / HTTP/1.1\r\nHost: x\r\n\r\n",
    "nothing but blank lines": b"\r\n\r\n\r\n",
    "101 fields": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 100 + b"\r\n",
    "a head of 64 KiB and more": b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 65536 + b"\r\n\r\n",
    "chunks in HTTP/1.0": b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", REFUSED.values(), ids=REFUSED.keys())
def test_what_could_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_served(request_bytes: bytes):
    async def tell() -> None:
        async with served() as listening:
            answer = await listening.tell(request_bytes + GET)
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert answer.count(b"HTTP/1.1 ") == 1
            assert not listening.heads

    asyncio.run(tell())


@pytest.mark.parametrize("runner", LOOPS.values(), ids=LOOPS.keys())
@pytest.mark.parametrize("request_bytes", [GET, POST, CHUNKED], ids=["no body", "length", "chunked"])
def test_a_request_split_at_any_byte_is_the_same_request(request_bytes: bytes, runner: object):
    async def tell() -> None:
        async with served(limits=Limits()) as listening:
            whole = await listening.tell(request_bytes)
            assert b" 200 " in whole
            for at in range(1, len(request_bytes)):
                assert await listening.tell(request_bytes[:at], request_bytes[at:]) == whole, at

    runner(tell())  # type: ignore[operator]


def test_pipelined_requests_are_answered_in_order():
    async def tell() -> None:
        keep = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"
        async with served() as listening:
            answer = await listening.tell(b"".join(keep % n for n in range(20)) + GET)
            assert [answer.find(b"GET /%d " % n) for n in range(20)] == sorted(answer.find(b"GET /%d " % n) for n in range(20))
            assert len(listening.heads) == 21

    asyncio.run(tell())


def test_what_follows_a_chunked_body_in_one_packet_is_not_served_and_not_lost_in_silence():
    async def tell() -> None:
        keep = CHUNKED.replace(b"Connection: close\r\n", b"")
        async with served() as listening:
            answer = await listening.tell(keep + GET)
            assert answer.count(b"HTTP/1.1 200 ") == len(listening.heads)
            assert b"Connection: close" in answer

    asyncio.run(tell())


def test_absolute_form_for_our_own_host_is_read_as_its_path():
    async def tell() -> None:
        async with served() as listening:
            assert (await listening.tell(GET.replace(b"/a", b"http://X/a?b"))).endswith(b"GET /a?b ")

    asyncio.run(tell())


def test_an_upgrade_is_refused_plainly_and_an_offer_of_http2_is_ignored():
    async def tell() -> None:
        async with served() as listening:
            ask = b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: %b\r\n\r\n"
            assert (await listening.tell(ask % b"websocket")).startswith(b"HTTP/1.1 501 ")
            assert (await listening.tell(ask % b"h2c")).startswith(b"HTTP/1.1 200 ")
            assert (await listening.tell(b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")).startswith(b"HTTP/1.1 403 ")

    asyncio.run(tell())


@pytest.mark.parametrize(
    "slow", [b"GET / HTTP/1.1\r\nHo", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel"], ids=["head", "body"]
)
def test_a_client_that_is_too_slow_is_told_so(slow: bytes):
    async def tell() -> None:
        async with served() as listening:
            answer = await listening.tell(slow)
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b"request_too_slow" in answer

    asyncio.run(tell())


def test_an_idle_connection_is_closed_without_a_word():
    async def tell() -> None:
        async with served() as listening:
            assert await listening.tell(b"") == b""

    asyncio.run(tell())


def test_a_client_that_leaves_cancels_what_serves_it():
    async def tell() -> None:
        ended: list[str] = []

        async def stream(exchange: Exchange) -> None:
            exchange.start(200, [])
            try:
                while True:
                    await exchange.write(b"x")
                    await asyncio.sleep(0.005)
            except asyncio.CancelledError:
                ended.append("cancelled")
                raise

        async with served(stream) as listening:
            reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"x\r\n")
            writer.transport.abort()
            await until(lambda: ended == ["cancelled"])
            await until(lambda: not listening.connections)

    asyncio.run(tell())


def test_a_client_that_takes_nothing_is_dropped_and_little_is_held_for_it():
    async def tell() -> None:
        sent = 0

        async def flood(exchange: Exchange) -> None:
            nonlocal sent
            exchange.start(200, [])
            while True:
                await exchange.write(b"x" * 65536)
                sent += 65536

        async with served(flood) as listening:
            _, writer = await asyncio.open_connection("127.0.0.1", listening.port, limit=1024)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: sent > 0)
            await until(lambda: not listening.connections)
            assert sent < 32 << 20
            writer.close()

    asyncio.run(tell())


def test_a_sender_waits_for_the_reader_of_its_body():
    async def tell() -> None:
        go, sent = asyncio.Event(), 0

        async def slow(exchange: Exchange) -> None:
            await go.wait()
            await echo(exchange)

        async with served(slow, Limits()) as listening:
            reader, writer = await asyncio.open_connection("127.0.0.1", listening.port, limit=1 << 26)
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (32 << 20))
            for _ in range(512):
                writer.write(b"y" * 65536)
                try:
                    await asyncio.wait_for(writer.drain(), 0.2)
                except TimeoutError:
                    break
                sent += 65536
            assert sent < 16 << 20
            left = (32 << 20) - sent - 65536
            go.set()
            writer.write(b"y" * left)
            answer = await asyncio.wait_for(reader.read(), 20)
            assert answer.partition(b"POST / ")[2] == b"y" * (32 << 20)

    asyncio.run(tell())


@pytest.mark.parametrize("written", [b"abc", b"abcdef"], ids=["shorter", "longer"])
def test_an_answer_of_another_length_than_promised_is_broken_off(written: bytes):
    async def tell() -> None:
        async def lie(exchange: Exchange) -> None:
            exchange.start(200, [], length=5)
            await exchange.write(written)
            await exchange.finish()

        async with served(lie) as listening:
            try:
                answer = await listening.tell(GET)
            except ConnectionResetError:
                return
            assert len(answer.partition(b"\r\n\r\n")[2]) < 5

    asyncio.run(tell())


def test_a_fault_of_ours_is_an_answer_in_our_words():
    async def tell() -> None:
        async def broken(_exchange: Exchange) -> None:
            raise KeyError("sk_live_value")

        async with served(broken) as listening:
            answer = await listening.tell(GET)
            assert answer.startswith(b"HTTP/1.1 500 ")
            assert b"internal_error" in answer
            assert b"sk_live_value" not in answer

    asyncio.run(tell())


def test_continue_is_said_when_the_body_is_wanted_and_not_before():
    async def tell() -> None:
        async with served() as listening:
            reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
            writer.write(POST.replace(b"\r\n\r\nhello", b"\r\nExpect: 100-continue\r\n\r\n"))
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"hello")
            assert b"hello" in await reader.read()

    asyncio.run(tell())


def test_a_refused_request_with_a_long_body_still_sees_its_answer():
    async def tell() -> None:
        async with served() as listening:
            head = b"POST / HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 1000000\r\n\r\n"
            assert b"400 Bad Request" in await listening.tell(head + b"z" * 100_000)

    asyncio.run(tell())


def test_the_short_limits_of_the_tests_are_short():
    assert SHORT.head_seconds < Limits().head_seconds
