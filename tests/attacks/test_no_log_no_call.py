"""Nothing is sent that is not in the log first, and nothing over plain http or to a host that nobody allowed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agentsecrets.errors import AgentSecretsError, StateUnwritable
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.event import Event
from agentsecrets.proxy.engine import Engine
from tests.parts.equipped import STYLES, equipped
from tests.parts.patience import until
from tests.parts.tls import TlsUpstream


class FullDisk:
    """``ports.AuditSink`` that can commit nothing."""

    def record(self, event: Event) -> asyncio.Future[None]:
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        failed.set_exception(StateUnwritable(problem=f"no space for {event.phase}"))
        return failed

    def note(self, event: Event) -> None:
        pass


def test_a_call_that_cannot_be_recorded_is_not_made(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            engine, house.engine = house.engine, Engine(house, house.secrets, house.upstream, FullDisk(), house.clock)
            for asked in STYLES.values():
                with pytest.raises(AgentSecretsError) as refused:
                    await house.call(upstream.url("/echo"), asked.header, method="POST", body=asked.body)
                assert refused.value.slug == "state_unwritable"
            assert house.engine.under_way == 0
            house.engine = engine
            assert (await house.call(upstream.url("/echo"), STYLES["bearer"].header)).status == 200

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert len(upstream.seen) == 1


def test_the_intent_is_committed_before_the_first_byte_goes_out(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            waiting = asyncio.ensure_future(house.call(upstream.url("/silent"), STYLES["bearer"].header))
            await until(lambda: bool(upstream.seen))
            assert [row.phase for row in house.log.rows(0, 10)] == ["intent"]
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_plain_http_goes_nowhere_without_an_entry_that_says_so(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, secure) as house:
            ours = AllowedHost("localhost", plain.port, private=("127.0.0.0/8", "::1/128"))
            await house.allow(ours)
            await house.set("FRESH_KEY", b"sk_live_51HxQ")
            with pytest.raises(AgentSecretsError) as refused:
                await house.call(plain.url("/echo"), ("X-AS-Inject-Bearer", "FRESH_KEY"))
            assert refused.value.slug == "https_only"
            with pytest.raises(AgentSecretsError) as refused:
                await house.call(f"http://localhost:{secure.port}/echo", STYLES["bearer"].header)
            assert refused.value.slug == "https_only"

    with TlsUpstream() as secure, TlsUpstream(tls=False) as plain:
        asyncio.run(tell())
        assert plain.connections == secure.connections == 0


def test_a_host_or_port_that_nobody_allowed_is_not_even_connected_to(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, known) as house:
            for host in (f"localhost:{other.port}", f"api.localhost:{known.port}", f"127.0.0.1:{known.port}"):
                with pytest.raises(AgentSecretsError) as refused:
                    await house.call(f"https://{host}/echo")
                assert refused.value.slug == "domain_not_in_allowlist"

    with TlsUpstream() as known, TlsUpstream(ca=known.ca) as other:
        asyncio.run(tell())
        assert known.connections == other.connections == 0
