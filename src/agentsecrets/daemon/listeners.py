"""The sockets of the daemon."""

from __future__ import annotations

import asyncio
import errno
import os
import socket

from agentsecrets.errors import PortTaken, ServicePortTaken
from agentsecrets.network.http1.server import Peer, ServerConnection, Service
from agentsecrets.network.peer import uid_of_tcp_peer
from agentsecrets.storage.paths import Home
from agentsecrets.wire.socket_path import short_path
from agentsecrets.wire.unix_peer import user_of

_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def bind_loopback(port: int, *, of_service: bool = False) -> list[socket.socket]:
    """Binds one port on every loopback family that the host has.

    Args:
        port: 0 for any free one.
        of_service: Whether it is for the service of this machine, whose port nobody chooses by starting it.

    Raises:
        PortTaken, ServicePortTaken: When another process holds it on any family.
    """
    bound: list[socket.socket] = []
    for family, address in _LOOPBACK:
        try:
            listener = socket.socket(family, socket.SOCK_STREAM)
            bound.append(listener)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen(1024)
            listener.setblocking(False)
        except OSError as failure:
            bound.pop().close()
            if failure.errno in _ABSENT and bound:
                continue
            for opened in bound:
                opened.close()
            if of_service:
                raise ServicePortTaken(port=port) from None
            raise PortTaken(port=port) from None
        port = listener.getsockname()[1]
    return bound


def bind_control(home: Home) -> socket.socket:
    """Binds the control socket, whatever was left at its path: this daemon holds the home folder's lock."""
    with short_path(home.run) as path:
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        path.chmod(0o600)
    listener.listen(128)
    listener.setblocking(False)
    return listener


def tcp_peer(transport: asyncio.BaseTransport) -> Peer:
    """Who connected over loopback, looked up once at accept."""
    ours, theirs = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
    uid = None if os.geteuid() == 0 or not ours or not theirs else uid_of_tcp_peer(ours[:2], theirs[:2])
    return Peer("tcp", uid)


def unix_peer(transport: asyncio.BaseTransport) -> Peer:
    """Who connected to the control socket."""
    return Peer("unix", user_of(transport.get_extra_info("socket")))


class Listener:
    """Accepts connections on some sockets and serves them until it is closed."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._connections: set[ServerConnection] = set()
        self._servers: list[asyncio.Server] = []

    async def listen(self, sockets: list[socket.socket]) -> None:
        """Begins to accept."""
        loop = asyncio.get_running_loop()
        for bound in sockets:
            create = loop.create_unix_server if bound.family == socket.AF_UNIX else loop.create_server
            self._servers.append(await create(lambda: ServerConnection(self._service, self._connections), sock=bound))

    async def close(self, seconds: float) -> None:
        """Accepts nothing more, lets requests under way end for some seconds, then breaks them off."""
        for server in self._servers:
            server.close()
        for connection in list(self._connections):
            connection.close_when_idle()
        deadline = asyncio.get_running_loop().time() + seconds
        while self._connections and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110  (many ends, one deadline)
            await asyncio.sleep(0.01)
        for connection in list(self._connections):
            connection.abort()
