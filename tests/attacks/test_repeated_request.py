"""A request that may have had an effect is never sent a second time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agentsecrets.errors import AgentSecretsError
from tests.parts.equipped import STYLES, equipped
from tests.parts.house import read
from tests.parts.tls import TlsUpstream

WHERE = ("before", "in", "after")
SAFE_TO_REPEAT = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS")


@pytest.mark.parametrize("method", [*SAFE_TO_REPEAT, "POST", "PATCH"])
@pytest.mark.parametrize("pooled", [False, True], ids=["fresh connection", "used connection"])
def test_a_request_arrives_once_wherever_its_answer_breaks_off(method: str, tmp_path: Path, *, pooled: bool):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            for where in WHERE:
                if pooled:
                    await read(await house.call(upstream.url("/echo"), STYLES["bearer"].header))
                body = b"{}" if method in ("POST", "PATCH", "PUT") else None
                before = len(upstream.seen)
                try:
                    await read(await house.call(upstream.url(f"/reset/{where}"), STYLES["bearer"].header, method=method, body=body))
                    assert method == "HEAD"
                except AgentSecretsError as failed:
                    assert failed.slug == "upstream_unreachable"  # noqa: PT017  (a HEAD may end well)
                again = pooled and where == "before" and method in SAFE_TO_REPEAT
                assert len(upstream.seen) - before == (2 if again else 1), where
                house.upstream.sweep()

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_a_streamed_body_is_sent_once(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            await read(await house.call(upstream.url("/echo"), STYLES["bearer"].header))
            taken = 0

            async def body() -> AsyncIterator[bytes]:
                nonlocal taken
                taken += 1
                yield b"hello"

            call = house.asked("PUT", upstream.url("/reset/before"), (b"X-AS-Inject-Bearer", b"BEARER_KEY"))
            with pytest.raises(AgentSecretsError):
                await house.engine.run(call, body(), 5)
            assert taken == 1

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert len(upstream.seen) == 2
