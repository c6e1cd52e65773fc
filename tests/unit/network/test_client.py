"""What upstreams may answer, and what a call makes of those that answer something else."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest

from agentsecrets.errors import AgentSecretsError, BadRequest, UpstreamProtocol, UpstreamTimeout, UpstreamUnreachable
from agentsecrets.network.http1.limits import Limits
from tests.parts.gathered import read_answer
from tests.parts.patience import until
from tests.unit.network.wires import Script, network, outbound, says, upstream_that

OK = b"HTTP/1.1 200 OK\r\n"
TWO = OK + b"Content-Length: 2\r\n\r\nhi"
IN_CHUNKS = OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"


async def _ask(script: Script, *, method: str = "GET", body: object = None) -> tuple[int, bytes, tuple[object, ...]]:
    async with upstream_that(script) as (port, _), network() as upstream:
        answer = await upstream.send(outbound(port, method=method, body=body))  # type: ignore[arg-type]
        try:
            return answer.status, await read_answer(answer), answer.trailers
        finally:
            await answer.close()


BROKEN = {
    "two framings": OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
    "an unknown coding": OK + b"Transfer-Encoding: gzip\r\n\r\nhi",
    "a folded line": OK + b"A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "a bare line feed": OK + b"A: b\nContent-Length: 0\r\n\r\n",
    "a status below 100": b"HTTP/1.1 040 Odd\r\nContent-Length: 0\r\n\r\n",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "a control byte in the reason": b"HTTP/1.1 200 \x01\r\nContent-Length: 0\r\n\r\n",
    "101 fields": OK + b"A: b\r\n" * 101 + b"\r\n",
    "a head of 64 KiB and more": OK + b"A: " + b"a" * 65536 + b"\r\n\r\n",
    "another protocol": b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
    "17 informational answers": b"HTTP/1.1 103 Early\r\n\r\n" * 17 + TWO,
    "a chunk size in other digits": OK + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\nhi\r\n0\r\n\r\n",
    "a chunk longer than its size": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nhi\r\n0\r\n\r\n",
    "101 trailers": OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 101 + b"\r\n",
    "chunks of mostly framing": OK + b"Transfer-Encoding: chunked\r\n\r\n2;" + b"a" * 400_000,
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
def test_an_improper_answer_is_a_failure_in_our_words(answer: bytes):
    with pytest.raises(UpstreamProtocol):
        asyncio.run(_ask(says(answer)))


GOOD = {
    "a length": (TWO, b"hi"),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1;x=y\r\ni\r\n0\r\n\r\n", b"hi"),
    "until close": (OK + b"\r\nhi", b"hi"),
    "16 informational answers": (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" * 16 + TWO, b"hi"),
    "204 with a length": (b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", b""),
    "304 with a length": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b""),
    "an offer to upgrade": (OK + b"Connection: Upgrade\r\nUpgrade: h2\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\nhi", b"hi"),
    "bytes behind the end": (TWO + b"HTTP/1.1 200 OK\r\n\r\n", b"hi"),
    "bytes behind the last chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nHTTP/1.1 200", b"hi"),
}


@pytest.mark.parametrize(("answer", "body"), GOOD.values(), ids=GOOD.keys())
def test_a_body_ends_where_its_framing_says(answer: bytes, body: bytes):
    assert asyncio.run(_ask(says(answer)))[1] == body


def test_an_answer_split_at_any_byte_is_the_same_answer():
    whole = b"HTTP/1.1 103 Early\r\n\r\n" + OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nT: v\r\n\r\n"

    async def tell() -> None:
        for at in range(1, len(whole)):

            async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, at: int = at) -> None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(whole[:at])
                await asyncio.sleep(0.001)
                writer.write(whole[at:])

            assert await _ask(script) == (200, b"hi", ((b"T", b"v"),)), at

    asyncio.run(tell())


def test_an_answer_to_head_ends_after_its_head_and_the_connection_is_used_again():
    async def tell() -> None:
        head = OK + b"Content-Length: 1000\r\n\r\n"
        async with upstream_that(says(head, head)) as (port, accepted), network() as upstream:
            for _ in range(2):
                answer = await upstream.send(outbound(port, method="HEAD"))
                assert await read_answer(answer) == b""
                await answer.close()
            assert accepted == [1]

    asyncio.run(tell())


CUT = {
    "before the head": b"",
    "in the head": OK + b"Content-Le",
    "in a body with a length": OK + b"Content-Length: 5\r\n\r\nhi",
    "in a chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhi",
    "before the last chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
}


@pytest.mark.parametrize("answer", CUT.values(), ids=CUT.keys())
def test_an_answer_that_breaks_off_is_never_taken_for_whole(answer: bytes):
    with pytest.raises(UpstreamUnreachable):
        asyncio.run(_ask(says(answer)))


@pytest.mark.parametrize("answer", [b"", OK + b"Content-Length: 5\r\n\r\nhi"], ids=["before the head", "in the body"])
def test_a_silent_upstream_is_given_up(answer: bytes):
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await reader.read()

    with pytest.raises(UpstreamTimeout):
        asyncio.run(_ask(script))


def test_a_connection_is_used_again_only_when_nothing_about_it_is_doubtful():
    async def tell(answers: tuple[bytes, bytes], *, read: bool) -> int:
        async with upstream_that(says(*answers)) as (port, accepted), network() as upstream:
            for _ in range(2):
                answer = await upstream.send(outbound(port))
                if read:
                    await read_answer(answer)
                await answer.close()
            return len(accepted)

    assert asyncio.run(tell((TWO, TWO), read=True)) == 1
    assert asyncio.run(tell((IN_CHUNKS, TWO), read=False)) == 2
    assert asyncio.run(tell((TWO + b"x", TWO), read=True)) == 2
    assert asyncio.run(tell((OK + b"Connection: close\r\nContent-Length: 0\r\n\r\n", TWO), read=True)) == 2
    assert asyncio.run(tell((b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", TWO), read=True)) == 2


def test_an_answer_closed_twice_does_not_disturb_the_next_one_on_its_connection():
    async def tell() -> None:
        async with upstream_that(says(TWO, IN_CHUNKS, TWO)) as (port, accepted), network() as upstream:
            first = await upstream.send(outbound(port))
            await read_answer(first)
            await first.close()
            second = await upstream.send(outbound(port))
            await first.close()
            assert await read_answer(second) == b"hi"
            third = await upstream.send(outbound(port))
            assert accepted == [1, 2]
            await second.close()
            await third.close()

    asyncio.run(tell())


def test_an_answer_that_came_in_one_piece_leaves_its_connection_to_the_next():
    async def tell() -> None:
        async with upstream_that(says(TWO, OK + b"Content-Length: 3\r\n\r\nyou")) as (port, accepted), network() as upstream:
            first = await upstream.send(outbound(port))
            second = await upstream.send(outbound(port))
            await first.close()
            assert (await first.whole(), await read_answer(first), await second.whole()) == (b"hi", b"hi", b"you")
            await second.close()
            assert accepted == [1]

    asyncio.run(tell())


def test_a_call_that_is_cancelled_as_its_answer_comes_leaves_the_next_one_on_its_connection_alone():
    async def tell() -> None:
        async with upstream_that(says(TWO, TWO, TWO)) as (port, accepted), network() as upstream:
            await (await upstream.send(outbound(port))).close()
            (connection,) = upstream._pool
            calls: list[asyncio.Task[object]] = []

            def answered(received: bytes, read: Callable[[bytes], None] = connection.data_received) -> None:
                read(received)
                if len(calls) == 1:
                    calls[0].cancel()  # it has its answer, and does not know it yet
                    calls.append(asyncio.ensure_future(upstream.send(outbound(port))))

            connection.data_received = answered  # type: ignore[method-assign]
            connection._transport.set_protocol(connection)  # the loop has the method by heart
            calls.append(asyncio.ensure_future(upstream.send(outbound(port))))
            with pytest.raises(asyncio.CancelledError):
                await calls[0]
            assert (await calls[1]).status == 200  # type: ignore[attr-defined]
            assert accepted == [1]

    asyncio.run(tell())


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.mark.parametrize(("method", "body", "sent"), [("GET", None, 2), ("PUT", b"x", 2), ("POST", b"x", 1), ("PUT", "streamed", 1)])
def test_a_request_is_sent_again_only_when_that_cannot_do_harm(method: str, body: object, sent: int):
    requests: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer_said = not requests
        while True:
            requests.append(await reader.readuntil(b"\r\n\r\n"))
            if len(requests) == 2:
                return
            writer.write(TWO)
            await writer.drain()
            assert writer_said or len(requests) == 3

    async def tell() -> None:
        async with upstream_that(script) as (port, _), network() as upstream:
            first = await upstream.send(outbound(port))
            await read_answer(first)
            await first.close()
            streamed = _pieces(b"x") if body == "streamed" else body
            try:
                again = await upstream.send(outbound(port, method=method, body=streamed, length=1 if body == "streamed" else None))  # type: ignore[arg-type]
                assert await read_answer(again) == b"hi"
                await again.close()
            except UpstreamUnreachable:
                pass
            assert len(requests) == 1 + sent

    asyncio.run(tell())


@pytest.mark.parametrize(("length", "pieces"), [(5, (b"abc",)), (5, (b"abc", b"def"))], ids=["shorter", "longer"])
def test_a_body_of_another_length_than_declared_never_completes_a_request(length: int, pieces: tuple[bytes, ...]):
    received = bytearray()

    async def script(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(1024):
            received.extend(part)

    async def tell() -> None:
        async with upstream_that(script) as (port, _), network() as upstream:
            with pytest.raises(BadRequest):
                await upstream.send(outbound(port, method="POST", body=_pieces(*pieces), length=length))

    asyncio.run(tell())
    assert len(received.partition(b"\r\n\r\n")[2]) < 5


def test_an_early_answer_arrives_while_the_request_still_streams_and_its_connection_is_not_used_again():
    async def tell() -> None:
        stopped = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x" * 1024
                    await asyncio.sleep(0.001)
            finally:
                stopped.set()

        async with upstream_that(says(TWO.replace(b"200 OK", b"413 Too Large"))) as (port, _), network() as upstream:
            answer = await upstream.send(outbound(port, method="POST", body=endless()))
            assert (answer.status, await read_answer(answer)) == (413, b"hi")
            await answer.close()
            await asyncio.wait_for(stopped.wait(), 5)

    asyncio.run(tell())


def test_a_request_body_that_fails_is_the_failure_of_the_call():
    async def failing() -> AsyncIterator[bytes]:
        yield b"x"
        raise BadRequest(problem="its chunks are broken")

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()
        await reader.read()

    with pytest.raises(BadRequest):
        asyncio.run(_ask(silent, method="POST", body=failing()))


def test_a_cancelled_call_drops_its_connection():
    async def tell() -> None:
        gone = asyncio.Event()

        async def script(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            try:
                await reader.read()
            finally:
                gone.set()

        async with upstream_that(script) as (port, accepted), network(Limits()) as upstream:
            call = asyncio.ensure_future(upstream.send(outbound(port)))
            await until(lambda: accepted == [1])
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await asyncio.wait_for(gone.wait(), 5)

    asyncio.run(tell())


def test_fifty_mebibytes_stream_through_in_little_memory():
    size = 50 << 20

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Content-Length: %d\r\n\r\n" % size)
        for _ in range(size >> 16):
            writer.write(b"z" * 65536)
            await writer.drain()

    total = 0

    def take(chunk: bytes) -> bool:
        nonlocal total
        total += len(chunk)
        return total > 4 << 20

    async def tell() -> int:
        async with upstream_that(script) as (port, _), network(Limits()) as upstream:
            answer = await upstream.send(outbound(port))
            while not await answer.pour(take):  # noqa: ASYNC110  (it is slow, and waits for nothing)
                await asyncio.sleep(0.002)
            await answer.close()
        return total

    tracemalloc.start()
    try:
        assert asyncio.run(tell()) == size
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_line_break_in_a_request_line_is_never_written():
    async def tell() -> None:
        async with upstream_that(says(TWO)) as (port, _), network() as upstream:
            asked = msgspec.structs.replace(outbound(port), request_target=b"/ HTTP/1.1\r\nC: d")
            with pytest.raises(AgentSecretsError):
                await upstream.send(asked)

    asyncio.run(tell())


def test_nobody_listening_is_told_in_our_words():
    async def tell() -> None:
        async with network() as upstream:
            with pytest.raises(UpstreamUnreachable):
                await upstream.send(outbound(1))

    asyncio.run(tell())
