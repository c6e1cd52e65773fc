"""Starting, stopping, locking and replacing the daemon of a home folder."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from agentsecrets import __version__
from agentsecrets.client.control import Control
from agentsecrets.client.launch import AS_BEFORE, Choice, start_daemon
from agentsecrets.errors import (
    AgentSecretsError,
    AlreadyRunning,
    DaemonGone,
    NoDaemon,
    OtherServiceVersion,
    OtherVersion,
    ServiceSilent,
    ShuttingDown,
)
from agentsecrets.wire.home import LOCK_FILE
from agentsecrets.wire.lock import opened, take
from agentsecrets.wire.service import is_home

_STOP_SECONDS = 15.0
_PAUSE_SECONDS = 0.01


def ensure_daemon(home: Path, choice: Choice = AS_BEFORE) -> dict[str, Any]:
    """Starts a daemon, locked, unless one runs. One of an older version is replaced.

    Args:
        home: The state folder.
        choice: How it is to be started.

    Returns:
        What ``status`` says.

    Raises:
        OtherVersion: When the running one is newer than this command.
        ServiceSilent, OtherServiceVersion: When it is the service's, which is not for this command to start or to replace.
        DaemonUnavailable, NoAccount, PortTaken
    """
    control = Control(home)
    if is_home(str(home)):
        return _of_service(control)
    try:
        status = control.ask("/v1/status")
    except (NoDaemon, ShuttingDown):
        _start(home, choice)
        return control.ask("/v1/status")
    running = str(status.get("version", ""))
    if running == __version__:
        return status
    if _numbers(running) > _numbers(__version__):
        raise OtherVersion(running=running, asking=__version__)
    stop(home)
    _start(home, choice)
    return control.ask("/v1/status")


def _of_service(control: Control) -> dict[str, Any]:
    try:
        status = control.ask("/v1/status")
    except NoDaemon:
        raise ServiceSilent from None
    running = str(status.get("version", ""))
    if running != __version__:
        raise OtherServiceVersion(running=running, asking=__version__)
    return status


def stop(home: Path) -> None:
    """Lets running calls end, stops the daemon, and waits until it is gone.

    Raises:
        NoDaemon: When none runs.
        AlreadyRunning: When it does not end.
    """
    Control(home).ask("/v1/stop")
    _wait_until_stopped(home)


def lock(home: Path) -> None:
    """Has the daemon give its place to one without keys, and waits for that.

    Raises:
        NoDaemon: When none runs.
        AlreadyRunning: When it does not end.
    """
    control = Control(home)
    before = control.ask("/v1/status")["pid"]
    control.ask("/v1/lock")

    def locked() -> bool:
        try:
            status = control.ask("/v1/status")
            return bool(status["locked"]) or status["pid"] != before  # another process: somebody has unlocked since
        except (NoDaemon, DaemonGone, ShuttingDown):
            return False

    _wait_for(locked)


@contextlib.contextmanager
def taken_over(home: Path, may: Callable[[], None] = lambda: None) -> Iterator[int]:
    """Stops whatever daemon holds a home, and holds it for the one that is to be started: no other can come between.

    Args:
        home: The state folder.
        may: Called before a daemon is told to stop, and once the home is held; raises to leave everything as it is.

    Yields:
        The descriptor of the lock, to be handed to that daemon.

    Raises:
        AlreadyRunning: When the daemon before does not end.
        StateUnwritable
    """
    control = Control(home, seconds=_STOP_SECONDS)
    with opened(home / LOCK_FILE) as descriptor:

        def free() -> bool:
            if take(descriptor):
                return True
            may()
            with contextlib.suppress(AgentSecretsError):
                control.ask("/v1/stop")
            return False

        _wait_for(free)
        may()
        yield descriptor


def _wait_until_stopped(home: Path) -> None:
    with opened(home / LOCK_FILE) as descriptor:
        _wait_for(lambda: take(descriptor))


def _start(home: Path, choice: Choice) -> None:
    """Starts one; while another holds the home, because it begins or ends just now, waits until that one serves or is gone."""

    def started() -> bool:
        try:
            start_daemon(home, choice)
        except AlreadyRunning:
            return False
        return True

    _wait_for(lambda: _serves(home) or started())


def _serves(home: Path) -> bool:
    try:
        Control(home).ask("/v1/status")
    except (NoDaemon, DaemonGone, ShuttingDown):
        return False
    return True


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _STOP_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise AlreadyRunning
        time.sleep(_PAUSE_SECONDS)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
