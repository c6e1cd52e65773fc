"""What a call costs is watched by a figure that does not depend on the machine: how many functions of ours run for it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, cast

from agentsecrets.daemon.admission import DataPlaneAdmission
from agentsecrets.daemon.data_plane import DataPlane
from agentsecrets.daemon.idleness import Idleness
from agentsecrets.daemon.places import Places
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.server import Peer, ServerConnection, Service
from tests.parts.equipped import STYLES, equipped
from tests.parts.front import TOKEN, OnePlace
from tests.parts.house import House
from tests.parts.tls import TlsUpstream

MOST_CALLS = 120
"""Python functions that may run for one call, from the bytes of the request to the bytes of the answer. Raise it only for a reason: a call
like one before takes 107 to 110, and some twenty more where the answer of the upstream arrives in a second or third piece."""

CALLS = 20
_HOST = "127.0.0.1:8765"


class Client:
    """The transport of a client that takes everything at once."""

    def __init__(self) -> None:
        self.answered = False

    def write(self, sent: bytes) -> None:
        assert sent.startswith(b"HTTP/1.1 200 ")
        self.answered = True

    def is_closing(self) -> bool:
        return False


def _connection(house: House) -> ServerConnection:
    plane = DataPlane(house.engine, cast("Places", OnePlace(house)), Idleness(house.clock, 3600))
    admit = DataPlaneAdmission(8765, lambda shown: shown == TOKEN, trusts_same_user=False)
    return ServerConnection(Service(admit, plane.serve, lambda _: Peer("tcp", None), Limits()), set())


def test_a_call_runs_few_functions(tmp_path: Path, counted: Callable[[str], None]):
    ran = 0

    def note(frame: FrameType, event: str, arg: Any) -> None:  # noqa: ARG001  (what Python calls it with)
        nonlocal ran
        ran += event == "call" and "agentsecrets" in frame.f_code.co_filename

    async def tell(upstream: TlsUpstream) -> None:
        async with equipped(tmp_path, upstream) as house:
            connection, client = _connection(house), Client()
            connection.connection_made(cast("asyncio.BaseTransport", client))
            for number in range(2 * CALLS):
                if number == CALLS:  # the ways are trodden
                    sys.setprofile(note)
                client.answered = False
                fields = f"X-AS-Target-URL: {upstream.url('/status/200')}?item={number}\r\n{': '.join(STYLES['bearer'].header)}\r\n"
                connection.data_received(
                    f"GET /proxy HTTP/1.1\r\nHost: {_HOST}\r\nX-AS-Session-Token: {TOKEN.decode()}\r\n{fields}\r\n".encode()
                )
                assert connection._task is not None
                await connection._task
                assert client.answered
            sys.setprofile(None)

    with TlsUpstream() as upstream:
        try:
            asyncio.run(tell(upstream))
        finally:
            sys.setprofile(None)
    counted(f"{ran / CALLS:.0f} functions of ours run for one call")
    assert 0 < ran / CALLS <= MOST_CALLS
