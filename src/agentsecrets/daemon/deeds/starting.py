"""Starting a daemon that holds the keys."""

from __future__ import annotations

from agentsecrets.client.launch import Choice, start_daemon
from agentsecrets.client.lifecycle import taken_over
from agentsecrets.crypto.keys import OpenPerson
from agentsecrets.daemon.deeds.deed import Asked
from agentsecrets.storage.paths import Home


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


def replace_daemon(home: Home, asked: Starts, keys: OpenPerson) -> None:
    """Starts a fresh daemon as a child of this process: no running one is ever handed keys."""
    choice = Choice(port=asked.port, remember_port=asked.remember_port, idle_lock_s=asked.idle_lock_s)
    with taken_over(home.root) as lock:
        start_daemon(home.root, choice, keys.unattended.pack(), lock)
