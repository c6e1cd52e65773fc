"""Idle connections to upstreams, each tied to the very address that was checked."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from agentsecrets.network.http1.client import ClientConnection

Connect = Callable[[], Awaitable[ClientConnection]]


class PoolKey(NamedTuple):
    """What two requests must share to share a connection."""

    scheme: str
    host: str
    port: int
    address: str
    ca: str


class Pool:
    """Idle connections, newest used first; none is kept for longer than ``seconds``."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._idle: dict[PoolKey, list[tuple[ClientConnection, float]]] = defaultdict(list)

    async def take(self, key: PoolKey, connect: Connect, *, fresh: bool = False) -> ClientConnection:
        """An idle connection for a key, or a new one.

        Args:
            key: Whom to reach.
            connect: Makes a new connection.
            fresh: Never use an idle one.
        """
        now = asyncio.get_running_loop().time()
        idle = self._idle.get(key, [])
        while idle and not fresh:
            connection, since = idle.pop()
            if connection.usable and now - since <= self._seconds:
                return connection
            connection.close()
        connection = await connect()
        connection.on_free = lambda freed: self._keep(key, freed)
        return connection

    def sweep(self) -> None:
        """Closes what has been idle for too long."""
        now = asyncio.get_running_loop().time()
        for key in list(self._idle):
            old = [entry for entry in self._idle[key] if now - entry[1] > self._seconds or not entry[0].usable]
            for entry in old:
                self._idle[key].remove(entry)
                entry[0].close()
            if not self._idle[key]:
                del self._idle[key]

    def close(self) -> None:
        """Closes every idle connection."""
        for idle in self._idle.values():
            for connection, _ in idle:
                connection.close()
        self._idle.clear()

    def _keep(self, key: PoolKey, connection: ClientConnection) -> None:
        self._idle[key].append((connection, asyncio.get_running_loop().time()))
