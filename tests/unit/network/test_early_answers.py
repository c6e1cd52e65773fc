"""An answer that comes before the request was sent whole reaches the caller although writing fails, and never looks more than it is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from agentsecrets.errors import UpstreamUnreachable
from agentsecrets.network.http1.limits import Limits
from tests.parts.gathered import read_answer
from tests.parts.loops import LOOPS
from tests.parts.refusing import TOO_LARGE, RefusingUpstream
from tests.unit.network.wires import network, outbound, upstream_that

PIECE, PIECES, SECONDS = b"x" * 65_536, 8, 5.0
BODY = b"z" * 20_000
LENGTH = b"Content-Length: %d\r\n\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(BODY), BODY)


async def _upload(upstream: RefusingUpstream) -> bytes:
    """Writes on when the upstream has answered and closed, before the loop had a moment to read the answer."""

    async def body() -> AsyncIterator[bytes]:
        yield PIECE
        upstream.may_answer.set()
        assert upstream.closed.wait(SECONDS)  # the loop stands still
        for _ in range(PIECES - 1):
            yield PIECE

    upstream.may_answer.clear()
    asked = outbound(upstream.port, method="POST", body=body(), length=PIECES * len(PIECE), scheme="https", ca=upstream.ca_pem)
    async with network(Limits()) as client:
        answer = await client.send(asked)
        try:
            assert answer.status == 413
            return await read_answer(answer)
        finally:
            await answer.close()


WHOLE: dict[str, tuple[bytes, bool]] = {
    "with a length": (LENGTH + BODY, False),
    "chunked": (CHUNKED + b"0\r\n\r\n", False),
    "ended by the closing alert": (b"\r\n" + BODY, True),
}
PARTS: dict[str, tuple[bytes, bool]] = {
    "in its head": (b"Content-Le", False),
    "short of its length": (LENGTH + BODY[:-1], False),
    "short of its length, with a closing alert": (LENGTH + BODY[:-1], True),
    "before its last chunk": (CHUNKED, True),
    "without length and closing alert": (b"\r\n" + BODY, False),
}


@pytest.mark.parametrize("run", LOOPS.values(), ids=LOOPS.keys())
@pytest.mark.parametrize(("said", "alert"), WHOLE.values(), ids=WHOLE.keys())
def test_an_answer_that_came_before_a_write_failed_is_the_answer(
    run: Callable[[Coroutine[Any, Any, Any]], Any], said: bytes, *, alert: bool
) -> None:
    with RefusingUpstream(TOO_LARGE + said, alert=alert) as upstream:
        assert run(_upload(upstream)) == BODY


@pytest.mark.parametrize("run", LOOPS.values(), ids=LOOPS.keys())
@pytest.mark.parametrize(("said", "alert"), PARTS.values(), ids=PARTS.keys())
def test_a_part_of_an_answer_that_came_before_a_write_failed_never_looks_whole(
    run: Callable[[Coroutine[Any, Any, Any]], Any], said: bytes, *, alert: bool
) -> None:
    with RefusingUpstream(TOO_LARGE + said, alert=alert) as upstream, pytest.raises(UpstreamUnreachable):
        run(_upload(upstream))


def _open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.mark.parametrize("run", LOOPS.values(), ids=LOOPS.keys())
def test_an_upload_leaves_no_file_open(run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
    async def tell() -> None:
        before = None
        for _ in range(5):
            upstream.closed.clear()
            await _upload(upstream)
            await asyncio.sleep(0.05)
            before = before or _open_files()
        assert _open_files() == before

    with RefusingUpstream(TOO_LARGE + LENGTH + BODY) as upstream:
        run(tell())


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield PIECE
        await asyncio.sleep(0.001)


def test_a_refused_body_is_sent_no_further_and_its_connection_is_not_used_again() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nha")
        try:
            while await asyncio.wait_for(reader.read(1 << 20), 0.2):
                pass
        except TimeoutError:
            writer.write(b"lf")
            await reader.read()

    async def tell() -> None:
        async with upstream_that(script) as (port, accepted), network(Limits()) as client:
            for _ in range(2):
                answer = await asyncio.wait_for(client.send(outbound(port, method="POST", body=_endless())), SECONDS)
                assert await asyncio.wait_for(answer.whole(), SECONDS) == b"half"
                await answer.close()
            assert accepted == [1, 2]

    uvloop.run(tell())


def test_a_body_is_sent_to_its_end_when_the_answer_that_has_begun_is_none_of_refusal() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
        begun.set()
        await reader.readexactly(PIECES * len(PIECE))
        writer.write(b"all")

    async def body() -> AsyncIterator[bytes]:
        await asyncio.to_thread(begun.wait, SECONDS)
        for _ in range(PIECES):
            yield PIECE
            await asyncio.sleep(0.01)

    async def tell() -> None:
        async with upstream_that(script) as (port, _), network(Limits()) as client:
            answer = await client.send(outbound(port, method="POST", body=body(), length=PIECES * len(PIECE)))
            assert await asyncio.wait_for(answer.whole(), SECONDS) == b"all"
            await answer.close()

    begun = threading.Event()
    uvloop.run(tell())


@pytest.mark.parametrize("run", LOOPS.values(), ids=LOOPS.keys())
@pytest.mark.parametrize("status", [b"200 OK", b"413 Too Large"])
def test_a_connection_on_which_a_body_at_hand_was_not_sent_whole_serves_no_other_call(
    run: Callable[[Coroutine[Any, Any, Any]], Any], status: bytes
) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %b\r\nContent-Length: 2\r\n\r\nhi" % status)
        await closed.wait()

    async def tell() -> None:
        async with upstream_that(script) as (port, accepted), network(Limits()) as client:
            for _ in range(2):
                answer = await asyncio.wait_for(client.send(outbound(port, method="POST", body=bytes(16 << 20))), SECONDS)
                assert await asyncio.wait_for(answer.whole(), SECONDS) == b"hi"
                await answer.close()
            assert accepted == [1, 2]
            closed.set()

    closed = asyncio.Event()
    run(tell())


@pytest.mark.parametrize("run", LOOPS.values(), ids=LOOPS.keys())
def test_a_connection_on_which_a_large_body_at_hand_was_taken_whole_serves_the_next_call(
    run: Callable[[Coroutine[Any, Any, Any]], Any],
) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"Content-Length: %d\r\n" % len(large) in head
            whole = await reader.readexactly(len(large)) == large
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + (b"hi" if whole else b"no"))

    async def tell() -> None:
        async with upstream_that(script) as (port, accepted), network(Limits()) as client:
            for _ in range(2):
                answer = await asyncio.wait_for(client.send(outbound(port, method="POST", body=large)), SECONDS)
                assert await asyncio.wait_for(answer.whole(), SECONDS) == b"hi"
                await answer.close()
            assert accepted == [1]

    large = bytes(range(256)) * 4097
    run(tell())
