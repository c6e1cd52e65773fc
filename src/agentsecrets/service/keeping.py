"""Running the service by hand, where no systemd does, and stopping it."""

from __future__ import annotations

import os
import select
import signal
import socket
from pathlib import Path
from typing import NoReturn

from agentsecrets.client.administrator import become
from agentsecrets.client.launch import SERVICE_ENVIRONMENT
from agentsecrets.errors import AlreadyRunning, NoService, ServiceBroken
from agentsecrets.service.system import UNIT, is_active, run
from agentsecrets.service.unit import KEEPER
from agentsecrets.wire.service import KEEPER_SOCKET, PROGRAM, SHARED, STATE, installed
from agentsecrets.wire.unix_peer import process_of

_STOP_SECONDS = 25.0


def run_here() -> NoReturn:
    """Becomes the service: makes its runtime folder, gives up root, and runs its program in place of this process.

    Raises:
        NoService, ServiceBroken
    """
    found = installed()
    if found is None:
        raise NoService
    shared = Path(SHARED)
    shared.mkdir(mode=0o755, exist_ok=True)
    if shared.is_symlink() or shared.lstat().st_uid not in (0, found.uid):
        raise ServiceBroken(path=SHARED, problem="it belongs to another user")
    os.chown(shared, found.uid, found.gid, follow_symlinks=False)
    shared.chmod(0o755)
    os.umask(0o077)
    os.chdir("/")
    become(found)
    try:
        os.execve(KEEPER[0], KEEPER, SERVICE_ENVIRONMENT)  # noqa: S606  (our own program, no shell)
    except OSError as failure:
        raise ServiceBroken(path=PROGRAM, problem=failure.strerror or "it cannot be run") from None


def keeper() -> int:
    """The process that keeps the service, 0 when none does. Only root and the service's user can find out."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(str(Path(STATE, "run", KEEPER_SOCKET)))
        except OSError:
            return 0
        return process_of(connection)


def stop() -> None:
    """Lets running calls end and stops the service, whoever has started it. Nothing happens when it does not run.

    Raises:
        SystemRefused
        AlreadyRunning: When it does not end.
    """
    if is_active():
        run("systemctl", "stop", UNIT)
    running = keeper()
    if running:
        handle = os.pidfd_open(running)
        try:
            signal.pidfd_send_signal(handle, signal.SIGTERM)
            if not select.select([handle], [], [], _STOP_SECONDS)[0]:
                raise AlreadyRunning
        finally:
            os.close(handle)
