"""However a client frames its bytes, each request upstream is one admitted call, and nobody gets another's answer."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from agentsecrets.network.http1.limits import Limits
from tests.conftest import Counted
from tests.parts.equipped import STYLES, VALUE, equipped
from tests.parts.front import TOKEN, Front, front
from tests.parts.smuggling import smuggled_requests
from tests.parts.tls import Seen, TlsUpstream

STREAMS = int(os.environ.get("AGENTSECRETS_SMUGGLES", "1000"))
AT_ONCE = 64
QUICK = replace(Limits(), head_seconds=0.15, idle_seconds=0.15, body_seconds=0.15, linger_seconds=0.02)


def _mark(number: int) -> str:
    """A mark that no mutation makes of another."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:16]


MARKS = {_mark(number) for number in range(STREAMS)}


def _lines(port: int, upstream: TlsUpstream, mark: int) -> bytes:
    """Everything that a proper call carries besides request line and framing."""
    fields = {
        "Host": f"127.0.0.1:{port}",
        "X-AS-Session-Token": TOKEN.decode(),
        "X-AS-Target-URL": upstream.url("/echo"),
        "X-AS-Inject-Bearer": STYLES["bearer"].key,
        "X-Mark": f"mark-{_mark(mark)}",
    }
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()


def _is_one_request(seen: Seen) -> bool:
    """Whether a request as it arrived can be framed in one way only."""
    names = [name.lower() for name, _ in seen.fields]
    framings = [name for name in names if name in ("content-length", "transfer-encoding")]
    return names.count("host") == 1 and len(framings) <= 1 and all(re.fullmatch(r"[!#-'*+.0-9A-Z^-z|~-]+", name) for name, _ in seen.fields)


def test_no_stream_of_bytes_makes_more_requests_than_calls(tmp_path: Path, counted: Counted):
    answered = 0

    async def one(opened: Front, raw: bytes, mark: int) -> None:
        nonlocal answered
        answer = await opened.tell(raw)
        answered += answer.count(b"HTTP/1.1 200 ")
        assert VALUE.encode() not in answer
        assert {found.decode() for found in re.findall(rb"mark-([0-9a-f]{16})", answer)} & MARKS <= {_mark(mark)}
        canary = opened.request(
            ("X-AS-Target-URL", upstream.url("/echo")), ("X-Mark", f"mark-{_mark(mark)}"), ("X-Canary", f"canary-{mark}-")
        )
        if mark % 10 == 0:
            answer = b""
            while not answer:  # on a busy machine, the short time for a head may pass before it is read
                answer = await opened.tell(canary)
            answered += 1
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b"canary-%d-" % mark in answer

    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house, front(house, QUICK) as opened:
            marks = iter(range(STREAMS))  # those who send share it: one that waits for an answer keeps no other

            async def send() -> None:
                for mark in marks:
                    await one(opened, next(smuggled_requests(mark, 1, _lines(opened.port, upstream, mark), opened.port)), mark)

            await asyncio.gather(*(send() for _ in range(AT_ONCE)))
            await house.journal.settle()
            rows = house.log.rows(0, 10 * STREAMS)
            intents = [row for row in rows if row.phase == "intent"]
            assert len(upstream.seen) <= len(intents)
            assert len(upstream.seen) >= answered
            told = Counter(head.index.get(b"x-mark", [b""])[0].decode("latin-1") for head in opened.admitted)
            assert not Counter(seen.header("X-Mark") for seen in upstream.seen) - told, "each request is that of an admitted head"
            assert house.engine.under_way == 0

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert not [seen for seen in upstream.seen if not _is_one_request(seen) or seen.path.startswith("/smuggled")]
        marks = [seen.header("X-Mark") + seen.header("X-Canary") for seen in upstream.seen if seen.header("X-Mark")[5:] in MARKS]
        assert len(set(marks)) == len(marks)
        assert len(marks) > STREAMS // 10
    counted(f"{STREAMS} streams, {len(upstream.seen)} requests upstream, each one call; 0 answers to another")
