"""A daemon that waits for its keys."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Sequence
from typing import NoReturn

from agentsecrets.daemon.hardening import harden
from agentsecrets.daemon.main import live, load
from agentsecrets.daemon.title import be_listed_as
from agentsecrets.errors import DaemonUnavailable
from agentsecrets.wire.failures import from_json
from agentsecrets.wire.home import READY

_MOST_KEYS = 1 << 16
_FIRST_OF_OURS = 3
"""The first descriptor after standard input, output and error."""


class WaitingDaemon:
    """A daemon to be: a fork of the secluded presence process, made before a password is read there.

    So its memory has been closed from its first instruction, and no trace of a password or of a person's signing key can be in it. It
    ends by itself when the presence process ends without handing it keys.

    Args:
        arguments: The flags of the daemon's program.

    Raises:
        DaemonUnavailable: When the system makes no process.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self._ours, theirs = socket.socketpair()
        self._said, told = os.pipe()
        try:
            child = os.fork()
        except OSError as failure:
            raise DaemonUnavailable(problem=failure.strerror or "unknown") from None
        if not child:
            _wait_and_live([*arguments, "--ready-fd", str(told)], theirs.detach(), told)
        theirs.close()
        os.close(told)

    def open(self, keys: bytes, lock: int) -> int:
        """Hands over the keys and waits until the daemon serves.

        Args:
            keys: ``UnattendedKeys.pack``.
            lock: Descriptor of the home's lock, which this process holds.

        Returns:
            The port of its proxy.

        Raises:
            DaemonUnavailable, or the failure that it reported.
        """
        try:
            with self._ours as connection:
                socket.send_fds(connection, [keys], [lock])
        except OSError:
            raise DaemonUnavailable(problem="it ended while it waited for its keys") from None
        with os.fdopen(self._said, "rb") as pipe:
            said = pipe.read()
        if not said.startswith(READY):
            raise from_json(said) if said else DaemonUnavailable(problem="it ended at once")
        return int(said.removeprefix(READY))


def _wait_and_live(arguments: Sequence[str], keys: int, told: int) -> NoReturn:
    code = 1
    try:
        _leave(keys, told)
        harden()
        be_listed_as("agentsecrets-daemon")
        load()
        with socket.socket(fileno=keys) as connection:
            packed, locks, _, _ = socket.recv_fds(connection, _MOST_KEYS, 1)
        code = live([*arguments, "--lock-fd", str(locks[0])], packed) if packed else 0
    finally:
        os._exit(code)


def _leave(keys: int, told: int) -> None:
    """Leaves terminal, folder and descriptors of whoever waits for the presence program."""
    os.setsid()
    os.chdir("/")
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(_FIRST_OF_OURS):
        os.dup2(nothing, standard)
    low, high = sorted((keys, told))
    os.closerange(_FIRST_OF_OURS, low)
    os.closerange(low + 1, high)
    os.closerange(high + 1, os.sysconf("SC_OPEN_MAX"))
