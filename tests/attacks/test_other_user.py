"""Another user of the machine is nobody to the port: without a token only the daemon's own user enters."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from agentsecrets.network.http1.server import Peer
from agentsecrets.network.peer import uid_of_tcp_peer
from tests.parts.equipped import STYLES, equipped
from tests.parts.front import TOKEN, Front, front
from tests.parts.patience import until
from tests.parts.tls import TlsUpstream

NOBODY = 65534


def _asked_of_the_kernel(transport: asyncio.BaseTransport) -> Peer:
    ours, theirs = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
    return Peer("tcp", uid_of_tcp_peer(ours[:2], theirs[:2]))


async def _curl(opened: Front, upstream: TlsUpstream, host: str, *fields: str, user: int) -> str:
    words = ["curl", "-s", "-g", "--noproxy", "*", f"http://{host}:{opened.port}/proxy", "-H", f"X-AS-Target-URL: {upstream.url('/echo')}"]
    words += ["-H", f"X-AS-Inject-Bearer: {STYLES['bearer'].key}", *(word for field in fields for word in ("-H", field))]
    ran = await asyncio.to_thread(subprocess.run, words, capture_output=True, user=user, cwd="/", timeout=30, check=False)
    return str(ran.stdout, "utf-8")


@pytest.mark.other_uid
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_another_user_is_refused_and_the_same_user_is_not(tmp_path: Path, host: str):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house, front(house, peer=_asked_of_the_kernel) as opened:
            assert "unknown_caller" in await _curl(opened, upstream, host, user=NOBODY)
            assert "unknown_caller" in await _curl(opened, upstream, host, "X-AS-Session-Token: as_sess_guess", user=NOBODY)
            assert not upstream.seen
            assert "REDACTED" in await _curl(opened, upstream, host, user=os.geteuid())
            assert "REDACTED" in await _curl(opened, upstream, host, f"X-AS-Session-Token: {TOKEN.decode()}", user=NOBODY)

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_a_wrong_token_is_refused_even_to_the_same_user(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house, front(house, peer=_asked_of_the_kernel) as opened:
            for fields in (("as_sess_guess",), ("",), (TOKEN.decode(), TOKEN.decode()), (TOKEN.decode()[:-1],), ("agt_guess",)):
                said = await _curl(
                    opened, upstream, "127.0.0.1", *(f"X-AS-Session-Token: {token or ';'}" for token in fields), user=os.geteuid()
                )
                assert "unknown_caller" in said, fields
            assert "unknown_token" in await _curl(opened, upstream, "127.0.0.1", "X-AS-Agent-Token: agt_guess", user=os.geteuid())

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert not upstream.seen


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_daemon_of_root_asks_no_one_who_they_are():
    from agentsecrets.daemon.listeners import tcp_peer

    async def tell() -> None:
        seen: list[Peer] = []

        class Accepting(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                seen.append(tcp_peer(transport))

        server = await asyncio.get_running_loop().create_server(Accepting, "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await until(lambda: bool(seen))
        writer.close()
        server.close()
        assert seen == [Peer("tcp", None)]

    asyncio.run(tell())
