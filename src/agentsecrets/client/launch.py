"""Starting our own programs: the daemon and the presence program, isolated and with a clean environment."""

from __future__ import annotations

import contextlib
import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from agentsecrets.errors import AdministratorOnly, BadUsage, DaemonUnavailable, PresenceGone, PresenceUnavailable, ServiceSilent
from agentsecrets.wire.bus import bus_address
from agentsecrets.wire.failures import from_json
from agentsecrets.wire.home import READY
from agentsecrets.wire.service import PROGRAM, SHARED, STATE, Service, is_home

MALLOC = {
    "MALLOC_TRIM_THRESHOLD_": "134217728",
    "MALLOC_TOP_PAD_": "1048576",
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_ARENA_MAX": "1",
}
"""Keeps glibc from giving large buffers back and fetching them again (mallopt(3))."""
_HIGHEST_PORT = 65535


def clean_environment() -> dict[str, str]:
    """All that a program of ours gets of the environment: nothing that the caller could have set, but for where the session bus is."""
    return {"HOME": _home_folder(), "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", **MALLOC, **bus_address(os.environ)}


def _home_folder() -> str:
    """As the account database has it; in a container it may not know the user."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return "/"


def program(module: str, interpreter: str = sys.executable) -> list[str]:
    """The start of a command line: an interpreter, this one by default, isolated from environment, user site and current folder."""
    return [interpreter, "-I", "-P", "-m", module]


SERVICE_INTERPRETER = f"{PROGRAM}/bin/python"
"""Root's copy, which runs every program of the service."""

SERVICE_ENVIRONMENT = {"HOME": STATE, "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", **MALLOC}
"""All variables of a program of the service that asks or serves."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How a daemon is to be started; what is None stays as it was chosen last.

    Attributes:
        port: Port of the proxy, 0 for any free one.
        remember_port: Whether later daemons are to take the same port.
        idle_lock_s: Seconds without use after which the vault is locked; always remembered.
    """

    port: int | None = None
    remember_port: bool = False
    idle_lock_s: int | None = None

    def flags(self) -> list[str]:
        """The same as flags of the daemon's program."""
        port = [] if self.port is None else ["--port", str(self.port)]
        idle = [] if self.idle_lock_s is None else ["--idle-lock", str(self.idle_lock_s)]
        return [*port, *(["--remember-port"] if self.remember_port else []), *idle]


AS_BEFORE = Choice()


def by_variable() -> Choice:
    """How a daemon is started by the variables of this command: ``AGENTSECRETS_PORT``, 0 for any free port.

    Raises:
        BadUsage
    """
    text = os.environ.get("AGENTSECRETS_PORT", "")
    if not text:
        return Choice()
    if not text.isdecimal() or int(text) > _HIGHEST_PORT:
        raise BadUsage(problem="AGENTSECRETS_PORT is a number from 0 to 65535")
    return Choice(port=int(text))


def daemon_command(home: Path, choice: Choice) -> list[str]:
    """The command line of a daemon.

    Raises:
        ServiceSilent: When the home is the service's: only what keeps it starts a daemon for it.
    """
    if is_home(str(home)):
        raise ServiceSilent
    return [*program("agentsecrets.daemon"), "--home", str(home), *choice.flags()]


def start_daemon(home: Path, choice: Choice = AS_BEFORE) -> None:
    """Starts a locked daemon, detached, and waits until it serves.

    Args:
        home: The state folder.
        choice: How it is to be started.

    Raises:
        DaemonUnavailable, or the failure that it reported.
    """
    ready, told = os.pipe()
    command = [*daemon_command(home, choice), "--ready-fd", str(told)]
    try:
        subprocess.Popen(
            command,
            env=clean_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(told,),
            start_new_session=True,
        )
    except OSError as failure:
        os.close(ready)
        raise DaemonUnavailable(problem=failure.strerror or "unknown") from None
    finally:
        os.close(told)
    with os.fdopen(ready, "rb") as pipe:
        said = pipe.read()
    if not said.startswith(READY):
        raise from_json(said) if said else DaemonUnavailable(problem="it ended at once")


def run_presence(request: dict[str, Any], *, password_stdin: bool, service: Service | None = None) -> dict[str, Any]:
    """Runs the presence program for one deed that needs a person.

    Args:
        request: What is wanted; no password and no value is ever in it.
        password_stdin: Whether it reads the password from standard input instead of the terminal.
        service: Whose program it is and as whom it runs when root asks for the service, None for this very user.

    Raises:
        AgentSecretsError: What the program refused.
        AdministratorOnly: When the vault is the service's: nobody is asked for its password as another user.
        PresenceUnavailable, PresenceGone: When it could not be started, or ended without an answer.
    """
    if request["home"] == SHARED:
        raise AdministratorOnly
    theirs, ours = os.pipe()
    answer, told = os.pipe()
    inherited = [request[name] for name in ("value_fd", "stream_fd") if request.get(name, -1) >= 0]
    try:
        running = _presence((theirs, told), inherited, service)
    except OSError as failure:
        os.close(answer)
        os.close(ours)
        raise PresenceUnavailable(problem=failure.strerror or "unknown") from None
    finally:
        os.close(theirs)
        os.close(told)
    with contextlib.suppress(BrokenPipeError), os.fdopen(ours, "wb") as pipe:  # a pipe holds less than a request may
        pipe.write(msgspec.json.encode({**request, "password_stdin": password_stdin}))
    with os.fdopen(answer, "rb") as pipe:
        said = pipe.read()
    if running.wait() != 0:
        raise from_json(said) if said else PresenceGone()
    document: dict[str, Any] = msgspec.json.decode(said)
    return document


def _presence(own: tuple[int, int], inherited: list[int], service: Service | None) -> subprocess.Popen[bytes]:
    module, descriptors = "agentsecrets.daemon.presence", (*own, *inherited)
    if service is None:
        return subprocess.Popen([*program(module), *map(str, own)], env=clean_environment(), pass_fds=descriptors)
    return subprocess.Popen(
        [*program(module, SERVICE_INTERPRETER), *map(str, own)],
        env=SERVICE_ENVIRONMENT,
        cwd="/",
        pass_fds=descriptors,
        user=service.uid,
        group=service.gid,
        extra_groups=[],
    )
