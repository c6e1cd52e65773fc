"""Bringing up a daemon that holds the keys."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from agentsecrets.client.launch import Choice
from agentsecrets.client.lifecycle import taken_over
from agentsecrets.crypto.keys import UnattendedKeys
from agentsecrets.daemon.deeds.deed import Asked
from agentsecrets.daemon.kept import KeptDaemon
from agentsecrets.daemon.settings import read_settings
from agentsecrets.daemon.waiting import WaitingDaemon
from agentsecrets.storage.paths import Home
from agentsecrets.wire.service import STATE


class Starts(Asked, frozen=True, kw_only=True):
    """A request that ends with a fresh daemon.

    Attributes:
        port: Port of the proxy, 0 for any free one, None for the one chosen last.
        remember_port: Whether later daemons are to take the same port.
        idle_lock_s: Seconds without use after which the vault is locked, None for what was chosen last.
    """

    port: int | None = None
    remember_port: bool = False
    idle_lock_s: int | None = None


def daemon_to_be(asked: Starts) -> WaitingDaemon:
    """A daemon that waits for its keys; to be made before a person is asked for anything, and before a database is opened.

    The fork would close SQLite's descriptors by number, when its collector comes to them, whatever they are by then.
    """
    choice = Choice(port=asked.port, remember_port=asked.remember_port, idle_lock_s=asked.idle_lock_s)
    if asked.home == STATE:
        return KeptDaemon(choice.flags())
    return WaitingDaemon(["--home", asked.home, *choice.flags()])


class Replacing:
    """A home without a daemon, held for the one that waits: no running one is ever handed keys.

    Attributes:
        started: What it was started with: ``port`` and ``idle_lock_s``. It may have been stopped or replaced again before anybody could
            ask it.
    """

    def __init__(self, home: Home, waiting: WaitingDaemon, lock: int) -> None:
        self._home, self._waiting, self._lock = home, waiting, lock
        self.started: dict[str, Any] = {}

    def by(self, keys: UnattendedKeys) -> None:
        """Lets the waiting daemon serve with these keys."""
        port = self._waiting.open(keys.pack(), self._lock)
        self.started = {"port": port, "idle_lock_s": read_settings(self._home).idle_lock_s}


@contextlib.contextmanager
def replacing(home: Home, waiting: WaitingDaemon, may: Callable[[], None] = lambda: None) -> Iterator[Replacing]:
    """Ends the daemon that runs, if one does and ``may`` raises nothing; what is done within, no other program does at the same time."""
    with taken_over(home.root, may) as lock:
        yield Replacing(home, waiting, lock)
