"""No line break and no NUL gets from an agent, a person or a value into the head of a request or of an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from agentsecrets.errors import AgentSecretsError
from tests.parts.equipped import STYLES, VALUE, equipped
from tests.parts.house import read
from tests.parts.tls import Seen, TlsUpstream

BREAKS = (
    "\r\nInjected: 1",
    "\nInjected: 1",
    "\rInjected: 1",
    "\0",
    "\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\n\r\n",
    "\u560a\u560dInjected: 1",
    "\x85",
    "\u2028",
)
Ask = tuple[str, str, list[tuple[str, str]]]
"""Method, what is added to the target, and fields."""

IN_THE_CALL: dict[str, Callable[[str], Ask]] = {
    "url path": lambda broken: ("GET", broken, []),
    "url query": lambda broken: ("GET", f"?q={broken}", []),
    "url fragment": lambda broken: ("GET", f"#{broken}", []),
    "method": lambda broken: ("GET", "", [("X-AS-Method", f"GET{broken}")]),
    "field name": lambda broken: ("GET", "", [(f"X-Mine{broken}", "1")]),
    "field value": lambda broken: ("GET", "", [("X-Mine", f"a{broken}")]),
    "key name": lambda broken: ("GET", "", [("X-AS-Inject-Bearer", f"BEARER_KEY{broken}")]),
    "slot": lambda broken: ("GET", "", [(f"X-AS-Inject-Header-X-Api-Key{broken}", "HEADER_KEY")]),
    "query slot": lambda broken: ("GET", "", [("X-AS-Inject", f"query:api_key{broken}=QUERY_KEY")]),
    "value form": lambda broken: ("GET", "", [("X-AS-Inject", f"bearer:=BEARER_KEY{broken}")]),
    "agent": lambda broken: ("GET", "", [("X-AS-Agent-ID", f"agent{broken}")]),
    "environment": lambda broken: ("GET", "", [("X-AS-Environment", f"development{broken}")]),
}


@pytest.mark.parametrize("place", IN_THE_CALL)
def test_a_break_in_what_the_agent_asks_is_refused_or_stays_text(place: str, tmp_path: Path):
    sent = 0

    async def tell() -> None:
        nonlocal sent
        async with equipped(tmp_path, upstream) as house:
            for broken in BREAKS:
                try:
                    method, added, fields = IN_THE_CALL[place](broken)
                    await read(await house.call(upstream.url("/echo") + added, *fields, method=method))
                    sent += 1
                except AgentSecretsError as refused:
                    assert not set("\r\n\0") & set(refused.message)  # noqa: PT017  (most attempts end so)

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert len(upstream.seen) == sent
        for seen in upstream.seen:
            assert seen.path == "/echo"
            assert not seen.header("Injected")
            assert not any("\r" in part or "\n" in part or "\0" in part for field in seen.fields for part in field)


@pytest.mark.parametrize("style", STYLES)
def test_a_break_in_a_value_is_refused_or_coded(style: str, tmp_path: Path):
    asked = STYLES[style]  # type: ignore[index]

    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            for broken in BREAKS:
                if "\0" in broken:
                    continue  # no value holds NUL
                value = f"user:{VALUE}{broken}" if style == "basic" else f"{VALUE}{broken}"
                await house.set(asked.key, value.encode())
                try:
                    await read(await house.call(upstream.url("/echo"), asked.header, method="POST", body=asked.body))
                except AgentSecretsError as refused:
                    assert VALUE not in refused.message  # noqa: PT017  (the other way to be right)

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert all(seen.path == "/echo" and not seen.header("Injected") for seen in upstream.seen)


@pytest.mark.parametrize("place", ["reason", "name", "value", "trailer"])
def test_a_break_in_an_answer_does_not_reach_the_agents_head(place: str, tmp_path: Path):
    async def broken(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        parts = {"reason": b"", "name": b"", "value": b"", "trailer": b""} | {place: b"a\rInjected: 1"}
        head = b"HTTP/1.1 200 OK%(reason)b\r\nA%(name)b: b%(value)b\r\nTransfer-Encoding: chunked\r\n\r\n"
        coded = {key.encode(): value for key, value in parts.items()}
        writer.write((head + b"0\r\nT: %(trailer)b\r\n\r\n") % coded)

    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            with pytest.raises(AgentSecretsError) as refused:
                await read(await house.call(upstream.url("/broken"), STYLES["bearer"].header))
            assert refused.value.slug == "upstream_protocol"

    with TlsUpstream() as upstream:
        upstream.on("/broken", broken)
        asyncio.run(tell())
