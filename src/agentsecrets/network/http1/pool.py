"""Idle connections to upstreams, each tied to the very address that was checked."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import chain
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
        """By ``PoolKey``; a look needs no more than a tuple that is equal to one."""
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ClientConnection]:
        return chain.from_iterable(self._idle.values())

    def idle(self, scheme: str, host: str, port: int, addresses: list[str], ca: str) -> ClientConnection | None:
        """Takes an idle connection to one of some addresses out, if there is one that may be used."""
        for address in addresses:
            waiting = self._idle.get((scheme, host, port, address, ca))
            while waiting:
                connection = waiting.pop()
                self._count -= 1
                if connection.usable and time.monotonic() - connection.idle_since <= self._seconds:
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
        self._close([one for one in self if now - one.idle_since > self._seconds or not one.usable])

    def close(self) -> None:
        """Closes every idle connection."""
        self._close([*self])

    def _keep(self, key: PoolKey, connection: ClientConnection) -> None:
        if self._count >= self._most:
            self._drop_oldest()
        waiting = self._idle.get(key)
        if waiting is None:
            waiting = self._idle[key] = []
        waiting.append(connection)
        self._count += 1
        connection.idle_since = time.monotonic()

    def _drop_oldest(self) -> None:
        """The first of one of the lists: each is in the order in which its connections were put aside."""
        waiting = min(filter(None, self._idle.values()), key=lambda waiting: waiting[0].idle_since)
        self._count -= 1
        waiting.pop(0).close()

    def _close(self, closed: list[ClientConnection]) -> None:
        dropped = set(closed)
        kept = {key: [one for one in waiting if one not in dropped] for key, waiting in self._idle.items()}
        self._idle = {key: waiting for key, waiting in kept.items() if waiting}
        self._count -= len(closed)
        for connection in closed:
            connection.close()
