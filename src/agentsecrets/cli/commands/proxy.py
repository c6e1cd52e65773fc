"""``proxy start``, ``stop``, ``status``, ``token``, ``rotate-session``, ``logs``."""

from __future__ import annotations

import os

import click

from agentsecrets.cli.errand import Errand
from agentsecrets.cli.grammar import LazyGroup, with_errand
from agentsecrets.client import lifecycle
from agentsecrets.client.launch import Choice, by_variable, clean_environment, daemon_command
from agentsecrets.errors import AlreadyRunning
from agentsecrets.wire.tables import pairs

PROXY = LazyGroup(
    "proxy",
    short_help="Start, stop and watch the proxy.",
    help="The daemon, and the proxy on 127.0.0.1 that it offers to agents.",
    sources={
        "start": "proxy:start",
        "stop": "proxy:stop",
        "status": "proxy:show",
        "token": "proxy:token",
        "rotate-session": "proxy:rotate",
        "logs": "log:calls",
    },
)


@click.command("start", short_help="Start the daemon.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port of the proxy, from now on; 8765 at first.")
@click.option("--foreground", is_flag=True, help="Stay in the foreground, for a process supervisor.")
@with_errand
def start(errand: Errand, port: int | None, foreground: bool) -> None:
    """Start the daemon if none is running.

    It starts locked, and `agentsecrets unlock` starts one that holds the keys; at level keychain it opens the vault by itself.
    """
    choice = by_variable() if port is None else Choice(port=port, remember_port=True)
    if foreground:
        command = daemon_command(errand.home, choice)
        os.execve(command[0], command, clean_environment())  # noqa: S606  (our own program, no shell wanted)
    status = lifecycle.ensure_daemon(errand.home, choice)
    if port not in (None, status["port"]):
        raise AlreadyRunning
    state = "locked" if status["locked"] else "unlocked"
    errand.tell(
        {"pid": status["pid"], "port": status["port"], "locked": status["locked"]},
        f"The daemon runs (process {status['pid']}, {state}); the proxy listens on 127.0.0.1:{status['port']}.\n",
    )


@click.command("stop", short_help="Stop the daemon.")
@with_errand
def stop(errand: Errand) -> None:
    """Let running calls end, and stop the daemon. The vault is locked afterwards."""
    lifecycle.stop(errand.home)
    errand.tell({"running": False}, "The daemon is stopped.\n")


@click.command("status", short_help="Say whether the proxy runs, and where.")
@with_errand
def show(errand: Errand) -> None:
    """Say whether the proxy runs, and where. Starts nothing; without a daemon the exit status is 5."""
    status = errand.ask_running("/v1/status")
    lines = [
        ("Proxy", f"127.0.0.1:{status['port']}"),
        ("Process", str(status["pid"])),
        ("Version", status["version"]),
        ("Vault", "locked" if status["locked"] else "open"),
        ("Running for", f"{status['uptime_s']} s"),
        ("Redactions", str(status["redactions"])),
    ]
    errand.tell({"running": True, **status}, pairs(lines))


@click.command("token", short_help="Print the session token.")
@with_errand
def token(errand: Errand) -> None:
    """Print the token that lets a program use the proxy: -H "X-AS-Session-Token: $(agentsecrets proxy token)"."""
    session = errand.ask("/v1/session")
    errand.tell(session, f"{session['token']}\n")


@click.command("rotate-session", short_help="Replace the session token.")
@with_errand
def rotate(errand: Errand) -> None:
    """Replace the session token; the old one is refused from now on."""
    session = errand.ask("/v1/session/rotate")
    errand.tell({"port": session["port"]}, "The session token is new: see session.json, or `agentsecrets proxy token`.\n")
