"""What every command needs to know: the state folder, the project, the way it prints."""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from agentsecrets.client.control import Control
from agentsecrets.client.launch import run_presence, start_daemon
from agentsecrets.errors import AlreadyRunning, BadUsage, NoDaemon, PortTaken
from agentsecrets.wire.headers import DEFAULT_PORT

_STOP_SECONDS = 10.0
Command = TypeVar("Command", bound=Callable[..., Any])

_OUTPUT = click.option("--output", type=click.Choice(["text", "json"]), default="text", help="How to print the answer.")
_PROJECT = click.option("--project", default="", envvar="AGENTSECRETS_PROJECT", help="Project, instead of the active one.")
_ENVIRONMENT = click.option(
    "--environment",
    default="",
    envvar=["AGENTSECRETS_ENVIRONMENT", "AGENTSECRETS_ENV", "AS_ENV"],
    help="development, staging or production.",
)
password_stdin = click.option("--password-stdin", is_flag=True, help="Read the account password from standard input.")


def output(command: Command) -> Command:
    """Adds ``--output``."""
    return _OUTPUT(command)


def scoped(command: Command) -> Command:
    """Adds ``--project``, ``--environment`` and ``--output``."""
    return _PROJECT(_ENVIRONMENT(_OUTPUT(command)))


def home() -> Path:
    """The state folder: ``AGENTSECRETS_HOME``, else ``~/.agentsecrets`` of the user who runs this."""
    chosen = os.environ.get("AGENTSECRETS_HOME")
    return Path(chosen).absolute() if chosen else Path(pwd.getpwuid(os.geteuid()).pw_dir) / ".agentsecrets"


def port() -> int:
    """Port of the proxy: ``AGENTSECRETS_PORT``, else 8765."""
    text = os.environ.get("AGENTSECRETS_PORT", str(DEFAULT_PORT))
    if not text.isdigit():
        raise BadUsage(problem="AGENTSECRETS_PORT is not a port")
    return int(text)


def control(project: str = "", environment: str = "") -> Control:
    """The client of this user's daemon, which is started, locked, when none is running."""
    client = Control(home(), project=project, environment=environment)
    try:
        client.ask("/v1/status")
    except NoDaemon:
        start_daemon(home(), port())
    return client


def presence(deed: str, *, password_stdin: bool, **request: Any) -> dict[str, Any]:
    """Has the presence program do one deed."""
    return run_presence({"deed": deed, "home": str(home()), "port": port(), **request}, password_stdin=password_stdin)


def restart_locked(port: int) -> None:
    """Ends the running daemon and starts one without keys on the same port.

    Raises:
        AlreadyRunning, PortTaken: When the old one does not end within some seconds.
    """
    Control(home()).ask("/v1/stop")
    deadline = time.monotonic() + _STOP_SECONDS
    while True:
        try:
            start_daemon(home(), port)
        except (AlreadyRunning, PortTaken):
            if time.monotonic() > deadline:
                raise
        else:
            return
