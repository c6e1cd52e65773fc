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
            _be_waiting([*arguments, "--ready-fd", str(told)], theirs.detach(), told)
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


def _be_waiting(arguments: Sequence[str], keys: int, told: int) -> NoReturn:
    code = 1
    try:
        code = wait_and_live(arguments, keys, told)
    finally:
        os._exit(code)


def wait_and_live(arguments: Sequence[str], keys: int, told: int) -> int:
    """Waits for keys in a process that was just forked, and is the daemon then.

    Args:
        arguments: The flags of the daemon's program.
        keys: The descriptor on which keys and lock come.
        told: The descriptor on which it says that it serves.

    Returns:
        The exit code of the daemon, 0 when whoever asked for it has gone without handing it keys.
    """
    leave(keys, told)
    harden()
    be_listed_as("agentsecrets-daemon")
    load()
    with socket.socket(fileno=keys) as connection:
        packed, locks, _, _ = socket.recv_fds(connection, _MOST_KEYS, 1)
    return live([*arguments, "--lock-fd", str(locks[0])], packed) if packed else 0


def leave(*kept: int) -> None:
    """Leaves terminal, folder and descriptors of whoever made this process.

    Args:
        kept: The descriptors that stay open.
    """
    os.setsid()
    os.chdir("/")
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(_FIRST_OF_OURS):
        os.dup2(nothing, standard)
    beginning = _FIRST_OF_OURS
    for descriptor in sorted(kept):
        os.closerange(beginning, descriptor)
        beginning = descriptor + 1
    os.closerange(beginning, os.sysconf("SC_OPEN_MAX"))
