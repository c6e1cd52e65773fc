"""What a call costs, and an event, is watched by a figure that does not depend on the machine: how many functions of ours run for it."""

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

MOST_FOR_AN_EVENT = 15
"""Python functions that may run for an event of a stream, from its bytes off the upstream to its bytes to the client: 14 do."""

CALLS = 20
EVENTS = 50
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


class Listener(Client):
    """The same for one answer that comes in pieces."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces = 0

    def write(self, sent: bytes) -> None:
        if not self.answered:
            super().write(sent)
        self.pieces += 1


class Count:
    """Counts the functions of ours that run while it is on."""

    def __init__(self) -> None:
        self.ran = 0

    def start(self) -> None:
        sys.setprofile(self._note)

    def stop(self) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, arg: Any) -> None:  # noqa: ARG002  (what Python calls it with)
        self.ran += event == "call" and "agentsecrets" in frame.f_code.co_filename


def _connection(house: House, client: Client) -> ServerConnection:
    plane = DataPlane(house.engine, cast("Places", OnePlace(house)), Idleness(house.clock, 3600))
    admit = DataPlaneAdmission(8765, lambda shown: shown == TOKEN, trusts_same_user=False)
    connection = ServerConnection(Service(admit, plane.serve, lambda _: Peer("tcp", None), Limits()), set())
    connection.connection_made(cast("asyncio.BaseTransport", client))
    return connection


async def _ask(connection: ServerConnection, url: str) -> None:
    """Asks for something with a credential, and waits for the end of the answer."""
    fields = f"X-AS-Target-URL: {url}\r\n{': '.join(STYLES['bearer'].header)}\r\n"
    connection.data_received(f"GET /proxy HTTP/1.1\r\nHost: {_HOST}\r\nX-AS-Session-Token: {TOKEN.decode()}\r\n{fields}\r\n".encode())
    assert connection._task is not None
    await connection._task


def test_a_call_runs_few_functions(tmp_path: Path, counted: Callable[[str], None]):
    count = Count()

    async def tell(upstream: TlsUpstream) -> None:
        async with equipped(tmp_path, upstream) as house:
            connection = _connection(house, client := Client())
            for number in range(2 * CALLS):
                if number == CALLS:  # the ways are trodden
                    count.start()
                client.answered = False
                await _ask(connection, f"{upstream.url('/status/200')}?item={number}")
                assert client.answered
            count.stop()

    with TlsUpstream() as upstream:
        try:
            asyncio.run(tell(upstream))
        finally:
            count.stop()
    counted(f"{count.ran / CALLS:.0f} functions of ours run for one call")
    assert 0 < count.ran / CALLS <= MOST_CALLS


def test_an_event_of_a_stream_runs_few_functions(tmp_path: Path, counted: Callable[[str], None]):
    ran: dict[int, int] = {}

    async def tell(upstream: TlsUpstream) -> None:
        async with equipped(tmp_path, upstream) as house:
            await _ask(_connection(house, Listener()), upstream.url("/sse?events=1"))
            for events in (EVENTS, 2 * EVENTS):
                connection, count = _connection(house, client := Listener()), Count()
                count.start()
                await _ask(connection, upstream.url(f"/sse?events={events}&gap=0.005"))
                count.stop()
                assert client.pieces > events * 0.9, "many events came together"
                ran[events] = count.ran

    with TlsUpstream() as upstream:
        try:
            asyncio.run(tell(upstream))
        finally:
            sys.setprofile(None)
    one = (ran[2 * EVENTS] - ran[EVENTS]) / EVENTS
    counted(f"{one:.0f} functions of ours run for one event")
    assert 0 < one <= MOST_FOR_AN_EVENT
