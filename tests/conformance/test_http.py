"""Both halves of the transport against llhttp's own cases: what it calls an error is never served and never taken for an answer."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path

from agentsecrets.errors import AgentSecretsError
from agentsecrets.network.http1.limits import Limits
from tests.conftest import Counted
from tests.parts.gathered import read_answer
from tests.unit.network.wires import Served, network, outbound, says, served, upstream_that

QUICK = Limits(
    head_seconds=0.1, idle_seconds=0.1, body_seconds=0.1, stall_seconds=0.5,
    first_byte_seconds=0.2, silence_seconds=0.2, linger_seconds=0.02,
)  # fmt: skip
BEHIND_A_CLOSE = "Data after `Connection: close`"
"""What follows a message that closes its connection: we never look at it, which is as good as an error."""


@dataclass(frozen=True)
class Case:
    kind: str
    title: str
    raw: bytes
    proper: bool
    reason: str


def _cases(path: Path, half: str) -> list[Case]:
    read = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    cases = [Case(case["type"], case["title"], base64.b64decode(case["raw_b64"]), case["expect"] == "ok", case["reason"]) for case in read]
    return [case for case in cases if case.kind.partition("-")[0] == half]


async def _statuses(listening: Served, raw: bytes) -> list[int]:
    try:
        answer = await listening.tell(raw)
    except ConnectionError:
        return []
    return [int(status) for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", answer) if status != b"100"]


_LINE = re.compile(rb"^[A-Z-]+ \S+ HTTP/1\.1\r\n", re.MULTILINE)


def _with_host(raw: bytes) -> bytes:
    return raw if b"\nhost:" in raw.lower() else _LINE.sub(lambda line: line[0] + b"Host: localhost\r\n", raw)


_CUT = "it is cut off, and llhttp does not mind the end of input"
_CODING = "no coding but chunked is decoded"
_ELSEWHERE = "its target names another host than its Host field"

STRICTER = {
    "Should parse multiple events": "bytes without a request line follow the first body",
    "Content-Length reset when no body is received": _CUT,
    "Spaces in `Content-Length` (surrounding)": _CUT,
    "Tabs in `Content-Length` (surrounding)": _CUT,
    "Parsing and setting flag": _CUT,
    "Chunk extensions": _CUT,
    "Chunk extensions quoting": _CUT,
    "POST with `chunked` as last transfer-encoding": _CODING,
    "POST with `chunked` as last transfer-encoding (multiple headers)": _CODING,
    "Host terminated by a query string": _ELSEWHERE,
    "`host:port` terminated by a query string": _ELSEWHERE,
    "`host:port` terminated by a space": _ELSEWHERE,
    "`host:port` and basic auth": _ELSEWHERE,
}
"""What llhttp serves in its strict mode and we refuse, by title."""


def test_requests_are_served_or_refused_as_llhttp_does_in_its_strict_mode(corpora: Path, counted: Counted):
    cases = _cases(corpora / "http" / "llhttp_cases.jsonl", "request")
    taken, wrong, stricter = 0, [], set()

    async def tell() -> None:
        nonlocal taken
        for case in cases:
            good = case.kind == "request" and case.proper
            raw = _with_host(case.raw) if good else case.raw
            async with served(limits=QUICK) as listening:
                statuses = await _statuses(listening, raw)
            last = statuses[-1] if statuses else 0
            taken += last == 200
            unseen = len(listening.heads) == 1 and raw.count(b"HTTP/1.") > 1  # the first closed the connection
            if not good and last == 200 and not unseen:
                wrong.append((case.kind, case.title, statuses))
            if good and last != 200:
                stricter.add(case.title)

    asyncio.run(tell())
    assert not wrong
    assert stricter == STRICTER.keys()
    counted(f"llhttp requests: {len(cases)} cases, {taken} served, {len(cases) - taken} refused, {len(stricter)} of them by us alone")


def test_no_answer_that_llhttp_refuses_is_taken_for_one(corpora: Path, counted: Counted):
    cases = _cases(corpora / "http" / "llhttp_cases.jsonl", "response")
    taken, wrong = 0, []

    async def tell() -> None:
        nonlocal taken
        for case in cases:
            async with upstream_that(says(case.raw)) as (port, _), network(QUICK) as upstream:
                try:
                    answer = await upstream.send(outbound(port))
                    await read_answer(answer)
                    await answer.close()
                except AgentSecretsError:
                    continue
                taken += 1
                if not case.proper and case.reason != BEHIND_A_CLOSE:
                    wrong.append(case.title)

    asyncio.run(tell())
    assert not wrong
    assert taken > 10
    counted(f"llhttp answers: {len(cases)} cases, {taken} taken, {len(cases) - taken} failed, 0 taken wrongly")
