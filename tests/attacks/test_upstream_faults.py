"""Whatever an upstream does instead of answering, the call ends with a typed failure, its place is free, and the next call is clean."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvloop

from agentsecrets.network.http1.limits import Limits
from tests.parts.equipped import STYLES, VALUE, equipped
from tests.parts.front import Front, front
from tests.parts.house import House
from tests.parts.patience import until
from tests.parts.refusing import TOO_LARGE, RefusingUpstream
from tests.parts.tls import Behaviour, Seen, TlsUpstream

QUICK = replace(Limits(), connect_seconds=1, tls_seconds=1, first_byte_seconds=0.6, silence_seconds=0.6)
OK = b"HTTP/1.1 200 OK\r\n"
LONG = OK + b"Content-Length: 200000\r\n\r\n" + b"z" * 100_000
CHUNKS = OK + b"Transfer-Encoding: chunked\r\n\r\n"

FAULTS: dict[str, tuple[bytes, str]] = {
    "nothing, and closes": (b"", "upstream_unreachable"),
    "a part of a head": (OK + b"Content-Le", "upstream_unreachable"),
    "a short body": (OK + b"Content-Length: 10\r\n\r\nhi", "upstream_unreachable"),
    "a head and nothing": (OK + b"Content-Length: 10\r\n\r\n", "upstream_unreachable"),
    "a bad chunk": (CHUNKS + b"zz\r\nhi\r\n0\r\n\r\n", "upstream_protocol"),
    "a chunk that lies": (CHUNKS + b"1\r\nhello\r\n0\r\n\r\n", "upstream_protocol"),
    "no last chunk": (CHUNKS + b"2\r\nhi\r\n", "upstream_unreachable"),
    "garbage": (b"\x16\x03\x01\x02\x00 not http\r\n\r\n", "upstream_protocol"),
    "a shell": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "upstream_protocol"),
    "two lengths": (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nhi", "upstream_protocol"),
    "two framings": (OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "upstream_protocol"),
    "a negative length": (OK + b"Content-Length: -1\r\n\r\n", "upstream_protocol"),
    "a huge length": (OK + b"Content-Length: 99999999999999999999999\r\n\r\n", "upstream_protocol"),
    "endless informational answers": (b"HTTP/1.1 103 Early\r\n\r\n" * 100, "upstream_protocol"),
    "another protocol": (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "upstream_protocol"),
    "a head without end": (OK + b"A: " + b"a" * 100_000, "upstream_protocol"),
    "fields without end": (OK + b"A: b\r\n" * 1000 + b"\r\n", "upstream_protocol"),
    "an extension without end": (CHUNKS + b"2;" + b"a" * 200_000, "upstream_protocol"),
}
BROKEN_IN_THE_BODY: dict[str, bytes] = {
    "a long body cut short": LONG,
    "a long chunked body cut short": CHUNKS + b"%x\r\n%b\r\n" % (100_000, b"z" * 100_000),
    "a bad chunk behind good ones": CHUNKS + b"%x\r\n%b\r\nxx\r\n" % (100_000, b"z" * 100_000),
}


def _says(raw: bytes, *, stay: bool = False) -> Behaviour:
    async def fault(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        if stay:
            await writer.wait_closed()
        writer.close()

    return fault


async def _outcomes(house: House) -> list[bytes]:
    await house.journal.settle()
    return [row.payload for row in house.log.rows(0, 1000) if row.phase == "outcome"]


async def _next_is_clean(house: House, upstream: TlsUpstream) -> None:
    async with front(house) as opened:
        answer = await opened.tell(opened.request(("X-AS-Target-URL", upstream.url("/echo")), STYLES["bearer"].header, ("X-Mine", "clean")))
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b'"clean"' in answer
    await until(lambda: house.engine.under_way == 0)


@pytest.mark.parametrize(("raw", "slug"), FAULTS.values(), ids=FAULTS.keys())
def test_an_answer_that_is_none_is_a_typed_failure(tmp_path: Path, raw: bytes, slug: str):
    async def tell() -> None:
        async with equipped(tmp_path, upstream, QUICK) as house:
            async with front(house) as opened:
                answer = await opened.tell(opened.request(("X-AS-Target-URL", upstream.url("/fault")), STYLES["bearer"].header))
            whole = answer.startswith(b"HTTP/1.1 502 ") and slug.encode() in answer
            broken_off = answer.startswith(b"HTTP/1.1 200 ") and not answer.endswith(b"0\r\n\r\n")
            assert whole or broken_off, answer
            assert VALUE.encode() not in answer
            assert slug.encode() in (await _outcomes(house))[-1]
            await _next_is_clean(house, upstream)

    with TlsUpstream() as upstream:
        upstream.on("/fault", _says(raw))
        asyncio.run(tell())


@pytest.mark.parametrize("raw", BROKEN_IN_THE_BODY.values(), ids=BROKEN_IN_THE_BODY.keys())
@pytest.mark.parametrize("stay", [False, True], ids=["closes", "falls silent"])
def test_a_body_that_breaks_off_is_seen_to_break_off(tmp_path: Path, raw: bytes, *, stay: bool):
    async def tell() -> None:
        async with equipped(tmp_path, upstream, QUICK) as house:
            async with front(house) as opened:
                answer = await opened.tell(opened.request(("X-AS-Target-URL", upstream.url("/fault")), STYLES["bearer"].header))
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            assert (b"chunked" in head and not body.endswith(b"0\r\n\r\n")) or len(body) < 200_000
            assert b'"outcome":"failed"' in (await _outcomes(house))[-1]
            await _next_is_clean(house, upstream)

    with TlsUpstream() as upstream:
        upstream.on("/fault", _says(raw, stay=stay))
        asyncio.run(tell())


@pytest.mark.parametrize("raw", [b"", OK, OK + b"Content-Length: 9\r\n\r\nhi"], ids=["at once", "in the head", "in a short body"])
def test_a_silent_upstream_is_given_up(tmp_path: Path, raw: bytes):
    async def tell() -> None:
        async with equipped(tmp_path, upstream, QUICK) as house:
            async with front(house) as opened:
                answer = await opened.tell(opened.request(("X-AS-Target-URL", upstream.url("/fault")), STYLES["bearer"].header))
            assert b"upstream_timeout" in answer
            await _next_is_clean(house, upstream)

    with TlsUpstream() as upstream:
        upstream.on("/fault", _says(raw, stay=True))
        asyncio.run(tell())


DOUBTFUL = {
    "two answers": OK + b"Content-Length: 2\r\n\r\nhi" + OK + b"Content-Length: 6\r\n\r\npoison",
    "bytes behind": OK + b"Content-Length: 2\r\n\r\nhi\r\n",
    "bytes behind the last chunk": CHUNKS + b"2\r\nhi\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison",
    "a body where none may be": b"HTTP/1.1 204 No\r\n\r\npoison",
    "a body of a 304": b"HTTP/1.1 304 No\r\nContent-Length: 6\r\n\r\npoison",
    "it says close": OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nhi",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
}


@pytest.mark.parametrize("raw", DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_a_doubtful_connection_is_never_used_again(tmp_path: Path, raw: bytes):
    async def doubtful(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    async def tell() -> None:
        async with equipped(tmp_path, upstream, QUICK) as house, front(house) as opened:
            for number in range(4):
                url = upstream.url("/doubtful" if number % 2 == 0 else "/echo")
                answer = await opened.tell(opened.request(("X-AS-Target-URL", url), STYLES["bearer"].header, ("X-Mine", f"turn-{number}")))
                assert b"poison" not in answer
                assert number % 2 == 0 or b"turn-%d" % number in answer

    with TlsUpstream() as upstream:
        upstream.on("/doubtful", doubtful)
        asyncio.run(tell())
        after = [one.connection for one in upstream.seen if one.path == "/echo"]
        before = [one.connection for one in upstream.seen if one.path == "/doubtful"]
        assert not set(after) & set(before[:1])


def test_bytes_that_nobody_asked_for_end_an_idle_connection(tmp_path: Path):
    async def late(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Content-Length: 2\r\n\r\nhi")
        await writer.drain()
        while not heard:  # noqa: ASYNC110  (it is said in another thread)
            await asyncio.sleep(0.005)
        writer.write(OK + b"Content-Length: 6\r\n\r\npoison")
        await writer.drain()
        said.append(1)

    heard: list[int] = []
    said: list[int] = []

    async def tell() -> None:
        async with equipped(tmp_path, upstream, QUICK) as house, front(house) as opened:
            answer = await opened.tell(opened.request(("X-AS-Target-URL", upstream.url("/late")), STYLES["bearer"].header))
            assert answer.endswith(b"hi")
            assert len(house.upstream._pool) == 1
            heard.append(1)
            await until(lambda: bool(said))
            await until(lambda: not any(one.usable for one in house.upstream._pool))
            answer = await opened.tell(opened.request(("X-AS-Target-URL", upstream.url("/echo")), STYLES["bearer"].header))
            assert b"poison" not in answer

    with TlsUpstream() as upstream:
        upstream.on("/late", late)
        asyncio.run(tell())
        assert [one.connection for one in upstream.seen] == [1, 2]


UNPROVED: dict[str, tuple[dict[str, Any], bytes]] = {
    "expired": ({"expired": True}, b"upstream_certificate"),
    "another name": ({"names": ("other.localhost",)}, b"upstream_certificate"),
    "unknown authority": ({"ca": None}, b"upstream_certificate"),
    "no TLS": ({"tls": False}, b"TLS handshake"),
}


@pytest.mark.parametrize(("made", "said"), UNPROVED.values(), ids=UNPROVED.keys())
def test_whoever_cannot_prove_the_name_gets_no_byte_of_a_request(tmp_path: Path, made: dict[str, Any], said: bytes):
    async def tell() -> None:
        async with equipped(tmp_path, known, QUICK) as house, front(house) as opened:
            await house.allow(msgspec.structs.replace(asked.allowed, ca=known.ca_pem))
            await house.set("FRESH_KEY", VALUE.encode())
            url = f"https://localhost:{asked.port}/echo"
            answer = await opened.tell(opened.request(("X-AS-Target-URL", url), ("X-AS-Inject-Bearer", "FRESH_KEY")))
            assert answer.startswith((b"HTTP/1.1 502 ", b"HTTP/1.1 504 "))
            assert said in answer
            await until(lambda: house.engine.under_way == 0)

    with TlsUpstream() as known, TlsUpstream(**{"ca": known.ca, **made}) as asked:
        asyncio.run(tell())
        assert not asked.seen


READ = 1_000_000
UPLOADS, AT_ONCE, UPLOADED = 20, 4, b"x" * 8_000_000


async def _upload(opened: Front, url: str) -> bytes:
    """As an agent does that reads when it has sent everything, or can send no more; nothing when its connection was reset."""
    asked = opened.request(("X-AS-Target-URL", url), STYLES["bearer"].header, method="POST", body=UPLOADED)

    def upload() -> bytes:
        with socket.create_connection(("127.0.0.1", opened.port), 20) as agent:
            with contextlib.suppress(ConnectionError):
                agent.sendall(asked)
            with contextlib.suppress(ConnectionError):
                return b"".join(iter(lambda: agent.recv(65536), b""))
            return b""

    return await asyncio.to_thread(upload)


@pytest.mark.parametrize("lingers", [False, True], ids=["closes at once", "lingers"])
def test_an_upload_that_is_refused_on_its_way_ends_with_that_answer(tmp_path: Path, *, lingers: bool):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house, front(house) as opened:
            for _ in range(UPLOADS):
                for answer in await asyncio.gather(*(_upload(opened, upstream.url("/")) for _ in range(AT_ONCE))):
                    assert answer.startswith(b"HTTP/1.1 413 "), answer[:300]
                    assert answer.endswith(b"\r\n\r\nno more")
            assert all(b'"status_code":413' in outcome for outcome in await _outcomes(house))
            await until(lambda: house.engine.under_way == 0)

    with RefusingUpstream(TOO_LARGE + b"Content-Length: 7\r\n\r\nno more", reads=READ, lingers=lingers) as upstream:
        uvloop.run(tell())


def test_an_upload_whose_refusal_breaks_off_ends_with_no_answer_that_looks_whole(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house, front(house) as opened:
            for _ in range(UPLOADS):
                answer = await _upload(opened, upstream.url("/"))
                whole = answer.startswith(b"HTTP/1.1 502 ") and b"upstream_unreachable" in answer
                assert whole or not answer.endswith(b"0\r\n\r\n"), answer[:300]
            assert all(b'"outcome":"failed"' in outcome for outcome in await _outcomes(house))
            await until(lambda: house.engine.under_way == 0)

    with RefusingUpstream(TOO_LARGE + b"\r\nno more") as upstream:
        uvloop.run(tell())
