"""The proxy's TCP port in front of a house, in one process: the daemon's own listener, admission and data plane."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from agentsecrets.daemon.admission import DataPlaneAdmission
from agentsecrets.daemon.data_plane import DataPlane
from agentsecrets.daemon.idleness import Idleness
from agentsecrets.daemon.listeners import Listener, bind_loopback
from agentsecrets.daemon.places import Located, Named, Places
from agentsecrets.errors import AgentSecretsError
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.messages import RequestHead
from agentsecrets.network.http1.server import Peer, Service
from tests.parts.house import House

TOKEN = b"as_sess_of_a_test"
SECONDS = 20.0


class OnePlace:
    """Every request belongs to the house's one project."""

    def __init__(self, house: House) -> None:
        self._located = Located(house.place, "active")

    def at_hand(self, _named: Named) -> Located:
        return self._located


@dataclass
class Front:
    """The open port, and what happened at it.

    Attributes:
        admitted: Heads that were let in.
        refused: Slug and head of each that was not.
    """

    port: int
    listener: Listener
    admitted: list[RequestHead] = field(default_factory=list)
    refused: list[tuple[str, RequestHead]] = field(default_factory=list)

    def request(self, *fields: tuple[str, str], method: str = "GET", path: str = "/proxy", body: bytes = b"", close: bool = True) -> bytes:
        """The bytes of a proper request with the session token."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"X-AS-Session-Token: {TOKEN.decode()}"]
        lines += [f"{name}: {value}" for name, value in fields]
        lines += [f"Content-Length: {len(body)}"] if body or method == "POST" else []
        lines += ["Connection: close"] if close else []
        return "\r\n".join([*lines, "", ""]).encode("utf-8") + body

    async def tell(self, *parts: bytes, seconds: float = SECONDS) -> bytes:
        """Sends bytes on a connection of their own and reads until the proxy closes it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for part in parts:
                writer.write(part)
                await asyncio.sleep(0)
            return await asyncio.wait_for(reader.read(), seconds)
        except ConnectionError:
            return b""
        finally:
            writer.close()


@asynccontextmanager
async def front(
    house: House, limits: Limits | None = None, *, peer: Callable[[asyncio.BaseTransport], Peer] | None = None
) -> AsyncIterator[Front]:
    """Opens the port; who connects is nobody's user unless ``peer`` says otherwise."""
    bound = bind_loopback(0)
    port = bound[0].getsockname()[1]
    plane = DataPlane(house.engine, cast("Places", OnePlace(house)), Idleness(house.clock, 3600))
    rule = DataPlaneAdmission(port, lambda shown: shown == TOKEN, trusts_same_user=peer is not None)

    def admit(head: RequestHead, who: Peer) -> None:
        try:
            rule(head, who)
        except AgentSecretsError as refusal:
            opened.refused.append((refusal.slug, head))
            raise
        opened.admitted.append(head)

    listener = Listener(Service(admit, plane.serve, peer or (lambda _: Peer("tcp", None)), limits or Limits()))
    opened = Front(port, listener)
    await listener.listen(bound)
    try:
        yield opened
    finally:
        await listener.close(1.0)
