"""Idle connections to upstreams, each tied to the very address that was checked."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
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
    """Idle connections, newest used first.

    Args:
        seconds: How long one is kept.
        most: How many are kept in all; the oldest give way.
    """

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds = seconds
        self._most = most
        self._idle: dict[tuple[str, str, int, str, str], list[ClientConnection]] = {}
        self._since: dict[ClientConnection, tuple[PoolKey, float]] = {}

    def __len__(self) -> int:
        return len(self._since)

    def idle(self, key: tuple[str, str, int, str, str]) -> ClientConnection | None:
        """Takes an idle connection out, if there is one that may be used.

        Args:
            key: A ``PoolKey`` or an equal tuple.
        """
        waiting = self._idle.get(key)
        while waiting:
            connection = waiting.pop()
            _, since = self._since.pop(connection)
            if connection.usable and time.monotonic() - since <= self._seconds:
                return connection
            connection.close()
        return None

    async def connect(self, key: PoolKey, connect: Connect) -> ClientConnection:
        """Makes a connection that comes back here when it is free."""
        connection = await connect()
        connection.on_free = partial(self._keep, key)
        return connection

    def sweep(self) -> None:
        """Closes what has been idle for too long or was closed by the upstream."""
        now = time.monotonic()
        for connection, (_, since) in list(self._since.items()):
            if now - since > self._seconds or not connection.usable:
                self._close(connection)
        self._idle = {key: waiting for key, waiting in self._idle.items() if waiting}

    def close(self) -> None:
        """Closes every idle connection."""
        for connection in list(self._since):
            self._close(connection)

    def _keep(self, key: PoolKey, connection: ClientConnection) -> None:
        if len(self._since) >= self._most:
            self._close(next(iter(self._since)))
        self._idle.setdefault(key, []).append(connection)
        self._since[connection] = key, time.monotonic()

    def _close(self, connection: ClientConnection) -> None:
        key, _ = self._since.pop(connection)
        self._idle[key].remove(connection)
        connection.close()
