"""The program of the service: keeps its daemon, and makes the one that takes its place when a person unlocks.

It holds no key and sees none: a person's presence program hands them to the new daemon on a socket that only those two have.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import msgspec

from agentsecrets.daemon.hardening import end_with, harden, refuse_privileges
from agentsecrets.daemon.main import live, load
from agentsecrets.daemon.provenance import check_program
from agentsecrets.daemon.title import be_listed_as
from agentsecrets.daemon.waiting import leave, wait_and_live
from agentsecrets.errors import AgentSecretsError, StateUnwritable
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import account_in
from agentsecrets.wire.failures import from_json
from agentsecrets.wire.home import READY
from agentsecrets.wire.lock import held
from agentsecrets.wire.service import KEEPER_SOCKET, STATE, check_us
from agentsecrets.wire.unix_peer import user_of

DAEMON_FLAGS = ("--home", STATE, "--isolated")
_MOST_ASKED = 1 << 12
_SECONDS = 5.0
_KILLED = 128


def main() -> int:
    """Keeps a daemon until it is told to stop, or until the daemon has ended and none takes its place.

    Returns:
        The exit code of the daemon, or that of the failure's family.
    """
    harden()
    refuse_privileges()
    try:
        check_us()
        check_program()
        home = Home(Path(STATE))
        home.create()
        with held(home.run / "keeper.lock"), _listening(home) as listener:
            load()
            keeper = Keeper(listener)
            keeper.begin()
            _say_ready()
            return keeper.keep()
    except AgentSecretsError as failure:
        sys.stderr.write(f"error: {failure.message}\nhint: {failure.hint}\n")
        return failure.exit_code


class Keeper:
    """The children of the service: one daemon that serves, and at times one that waits for its keys.

    Args:
        listener: Where presence programs ask for a daemon that waits.
    """

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._children: set[int] = set()
        self._stopping = False

    def begin(self) -> None:
        """Starts a locked daemon, and waits until it serves; without an account there is none yet.

        Raises:
            AgentSecretsError: Whatever it reports instead.
        """
        ready, told = os.pipe()

        def serve() -> int:
            os.close(ready)
            leave(told)
            return live([*DAEMON_FLAGS, "--locked", "--ready-fd", str(told)], None)

        child = self._fork(serve)
        os.close(told)
        with os.fdopen(ready, "rb") as pipe:
            said = pipe.read()
        if said.startswith(READY):
            return
        os.waitpid(child, 0)
        self._children.discard(child)
        failure = from_json(said)
        if failure.slug != "no_account":
            raise failure

    def keep(self) -> int:
        """Answers presence programs and minds the children, until there is nothing left to keep."""
        with selectors.DefaultSelector() as selector, _woken() as woken:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._listener:
                        self._make_waiting()
                    elif signal.SIGTERM in os.read(woken, 64):
                        self._stop()
                code = self._reap()
                if code is not None:
                    return code

    def _stop(self) -> None:
        self._stopping = True
        for child in self._children:
            os.kill(child, signal.SIGTERM)

    def _reap(self) -> int | None:
        """Collects children that have ended; the exit code when none is left that was there."""
        last = 0 if self._stopping and not self._children else None
        while self._children:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return None
            self._children.discard(child)
            code = os.waitstatus_to_exitcode(status)
            last = code if code >= 0 else _KILLED - code
        if self._stopping:
            return 0
        return last if last is not None and _has_account() else None

    def _make_waiting(self) -> None:
        """Makes a daemon that waits, for a presence program of this very user."""
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(_SECONDS)
            if user_of(connection) != os.geteuid():
                return
            with contextlib.suppress(OSError, msgspec.MsgspecError):
                asked, handed, _, _ = socket.recv_fds(connection, _MOST_ASKED, 2)
                try:
                    flags, (keys, told) = msgspec.json.decode(asked, type=list[str]), handed
                    self._fork(lambda: wait_and_live([*DAEMON_FLAGS, *flags, "--ready-fd", str(told)], keys, told))
                    connection.sendall(READY)
                finally:
                    for descriptor in handed:
                        os.close(descriptor)

    def _fork(self, work: Callable[[], int]) -> int:
        parent = os.getpid()
        child = os.fork()
        if not child:
            _become(work, parent)
        self._children.add(child)
        return child


def _has_account() -> bool:
    """Whether there is something to serve; while there is not, a daemon that was asked for in vain is no reason to end."""
    with contextlib.suppress(AgentSecretsError):
        return account_in(Home(Path(STATE)).state_db) is not None
    return True


def _become(work: Callable[[], int], parent: int) -> NoReturn:
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        end_with(parent, signal.SIGTERM)
        harden()
        be_listed_as("agentsecrets-daemon")
        code = work()
    finally:
        os._exit(code)


@contextlib.contextmanager
def _woken() -> Iterator[int]:
    """A descriptor on which the numbers of signals can be read, as they come."""
    ours, theirs = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(theirs)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.write(theirs, b"\0")  # a child may have ended before anybody was woken for it
    try:
        yield ours
    finally:
        signal.set_wakeup_fd(-1)
        os.close(ours)
        os.close(theirs)


@contextlib.contextmanager
def _listening(home: Home) -> Iterator[socket.socket]:
    path = home.run / KEEPER_SOCKET
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        try:
            path.unlink(missing_ok=True)
            listener.bind(str(path))
        except OSError as failure:
            raise StateUnwritable(problem=failure.strerror or "unknown") from None
        listener.listen(8)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


def _say_ready() -> None:
    """Tells systemd, where it is the parent. Source: sd_notify(3)."""
    address = os.environ.pop("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified, contextlib.suppress(OSError):
            notified.connect("\0" + address[1:] if address.startswith("@") else address)
            notified.sendall(b"READY=1")


if __name__ == "__main__":
    sys.exit(main())
