"""``proxy start``, ``stop``, ``status``, ``token``, ``rotate-session``, ``logs``."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import click

from agentsecrets.cli.commands.account import status
from agentsecrets.cli.context import control, home, output
from agentsecrets.cli.context import port as default_port
from agentsecrets.cli.printing import print_json, print_table
from agentsecrets.client.control import Control
from agentsecrets.client.launch import clean_environment, program, start_daemon
from agentsecrets.wire.messages import LogQuery

_WATCH_SECONDS = 0.5


@click.group()
def proxy() -> None:
    """The local proxy."""


@proxy.command()
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port on loopback, 0 for any.")
@click.option("--foreground", is_flag=True, help="Stay in the foreground and say why it ends.")
@output
def start(port: int | None, foreground: bool, output: str) -> None:
    """Start the daemon, locked."""
    if foreground:
        command = [*program("agentsecrets.daemon"), "--home", str(home()), "--port", str(default_port() if port is None else port)]
        os.execve(command[0], command, clean_environment())  # noqa: S606  (our own program, no shell wanted)
    start_daemon(home(), default_port() if port is None else port)
    told = Control(home()).ask("/v1/status")
    print_json(told) if output == "json" else print(f"The proxy listens on 127.0.0.1:{told['port']}.")


@proxy.command()
@output
def stop(output: str) -> None:
    """Stop the daemon; its keys are gone from memory."""
    told = Control(home()).ask("/v1/stop")
    print_json(told) if output == "json" else print("The daemon is stopping.")


@proxy.command()
@output
def token(output: str) -> None:
    """Print the session token, for the X-AS-Session-Token header."""
    told = Control(home()).ask("/v1/session")
    print_json(told) if output == "json" else print(told["token"])


@proxy.command("rotate-session")
@output
def rotate_session(output: str) -> None:
    """Replace the session token."""
    told = Control(home()).ask("/v1/session/rotate")
    print_json(told) if output == "json" else print("The session token is replaced.")


@proxy.command()
@click.option("--last", type=click.IntRange(0, 10000), default=20, help="How many lines.")
@click.option("--watch", is_flag=True, help="Go on with new calls as they end, as JSON Lines.")
@output
def logs(last: int, watch: bool, output: str) -> None:
    """Show the newest calls; JSON Lines on pipes."""
    told = control().ask("/v1/log", LogQuery(last=last))
    lines = told["lines"]
    if watch or output == "json" or not sys.stdout.isatty():
        _print_lines(lines)
        while watch:
            time.sleep(_WATCH_SECONDS)
            told = control().ask("/v1/log", LogQuery(after=told["after"]))
            _print_lines(told["lines"])
        return
    rows = [
        (line["timestamp"], line["status"], line["method"], line["target_url"], " ".join(line["secret_keys"]), line["reason"])
        for line in lines
    ]
    print_table(("Time", "Status", "Method", "Target", "Keys", "Reason"), rows)


def _print_lines(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        print(json.dumps(line, ensure_ascii=False), flush=True)


proxy.add_command(status)
COMMANDS = {"proxy": proxy}
