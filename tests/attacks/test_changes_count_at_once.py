"""What a call is judged by and what it is given is asked anew for each call: whoever takes something back has taken it back.

The proxy keeps what it has read: heads, hosts, places, bindings, opened values, matchers, ways, addresses, connections. Each change is made
between two calls that are the same byte for byte, after the first has trodden every path.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest

from agentsecrets.daemon.admission import DataPlaneAdmission
from agentsecrets.daemon.data_plane import DataPlane
from agentsecrets.daemon.idleness import Idleness
from agentsecrets.daemon.places import Places
from agentsecrets.daemon.session import SessionToken
from agentsecrets.daemon.unlocked import OpenVault, Vault
from agentsecrets.errors import AgentSecretsError
from agentsecrets.model.binding import Binding
from agentsecrets.model.secret import KeyName
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.server import Peer, ServerConnection, Service
from agentsecrets.proxy.engine import Engine
from tests.parts.equipped import STYLES, VALUE, equipped
from tests.parts.front import OnePlace
from tests.parts.house import House, read
from tests.parts.tls import TlsUpstream

BEARER = STYLES["bearer"]
OTHER_VALUE = "sk_live_another_9f8e7d6c5b4a"

Change = Callable[[House, TlsUpstream], Awaitable[None]]


async def _disallow(house: House, upstream: TlsUpstream) -> None:
    await house.disallow("localhost", upstream.port)


def _narrowed(**narrower: tuple[str, ...]) -> Change:
    async def narrow(house: House, upstream: TlsUpstream) -> None:
        hosts = (f"localhost:{upstream.port}",)
        await house.rebind(Binding(**{"key": KeyName(BEARER.key), "hosts": hosts, "style": "bearer", **narrower}))  # type: ignore[arg-type]

    return narrow


async def _delete(house: House, _: TlsUpstream) -> None:
    await house.secrets.delete(house.place, KeyName(BEARER.key))


CHANGES: dict[str, tuple[Change, str]] = {
    "another host": (_narrowed(hosts=("api.example.com",)), "binding_mismatch"),
    "another method": (_narrowed(methods=("POST",)), "binding_mismatch"),
    "another path": (_narrowed(paths=("/other",)), "binding_mismatch"),
    "host no longer allowed": (_disallow, "domain_not_in_allowlist empty_allowlist"),
    "secret deleted": (_delete, "secret_not_found"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_taken_back_is_gone_at_the_next_call(tmp_path: Path, change: str):
    deed, slugs = CHANGES[change]

    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            for _ in range(3):
                await (await house.call(upstream.url("/status/200"), BEARER.header)).close()
            sent = len(upstream.seen)
            assert sent == 3
            await deed(house, upstream)
            with pytest.raises(AgentSecretsError) as refused:
                await house.call(upstream.url("/status/200"), BEARER.header)
            assert refused.value.slug in slugs.split()
            assert len(upstream.seen) == sent

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_a_new_value_is_sent_and_redacted_at_the_next_call(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            for value in (VALUE, OTHER_VALUE, VALUE):
                await house.set(BEARER.key, value.encode())
                reply = await house.call(upstream.url("/leak/plain"), BEARER.header)
                assert upstream.seen[-1].header("Authorization") == f"Bearer {value}"
                body = await read(reply)
                assert value.encode() not in body
                assert b"REDACTED" in body
                await reply.close()

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_a_locked_vault_gives_nothing_at_the_next_call(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            vault = Vault(OpenVault(house.account, house.person.unattended, house.state, house.worker, house.clock))
            house.engine = Engine(vault, vault, house.upstream, house.journal, house.clock)
            await (await house.call(upstream.url("/status/200"), BEARER.header)).close()
            vault._opened = None
            with pytest.raises(AgentSecretsError) as refused:
                await house.call(upstream.url("/status/200"), BEARER.header)
            assert refused.value.slug == "locked"
            assert len(upstream.seen) == 1

    with TlsUpstream() as upstream:
        asyncio.run(tell())


class Client:
    """The transport of a client that takes everything at once."""

    def __init__(self) -> None:
        self.taken = b""

    def write(self, sent: bytes) -> None:
        self.taken += sent

    def is_closing(self) -> bool:
        return False

    def write_eof(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def abort(self) -> None:
        pass


def test_an_old_session_token_is_refused_at_the_next_request(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            session = SessionToken(house.home, 8765)
            old = session.current.token
            plane = DataPlane(house.engine, cast("Places", OnePlace(house)), Idleness(house.clock, 3600))
            admit = DataPlaneAdmission(8765, session.matches, trusts_same_user=False)
            connection, client = ServerConnection(Service(admit, plane.serve, lambda _: Peer("tcp", None), Limits()), set()), Client()
            connection.connection_made(cast("asyncio.BaseTransport", client))
            request = (
                f"GET /proxy HTTP/1.1\r\nHost: 127.0.0.1:8765\r\nX-AS-Session-Token: {old}\r\n"
                f"X-AS-Target-URL: {upstream.url('/status/200')}\r\n{': '.join(BEARER.header)}\r\n\r\n"
            ).encode()
            for _ in range(2):
                client.taken = b""
                connection.data_received(request)
                assert connection._task is not None
                await connection._task
                assert client.taken.startswith(b"HTTP/1.1 200 ")
            session.rotate()
            client.taken = b""
            connection.data_received(request)
            assert connection._task is None
            assert client.taken.startswith(b"HTTP/1.1 401 ")
            connection.connection_lost(None)

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert len(upstream.seen) == 2
