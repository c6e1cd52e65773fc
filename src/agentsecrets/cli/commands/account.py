"""``init``, ``status``, ``unlock``, ``lock``."""

from __future__ import annotations

from typing import Any

import click

from agentsecrets.cli import completing, fast
from agentsecrets.cli.errand import Errand
from agentsecrets.cli.grammar import password_stdin, with_errand
from agentsecrets.cli.paths import absolute
from agentsecrets.cli.times import seconds
from agentsecrets.cli.workflow import write_workflow
from agentsecrets.client.launch import Choice, by_variable
from agentsecrets.client.lifecycle import lock as lock_daemon
from agentsecrets.errors import NoDaemon, NoTerminal
from agentsecrets.model.protection import LEVELS as KNOWN

LEVELS = tuple(known.name for known in KNOWN)
PORT = click.IntRange(1, 65535)
"""A port of the proxy."""


@click.command("init", short_help="Make an account on this machine.")
@click.option("--email", default="", metavar="ADDRESS", help="A label for the account; nothing is sent there.")
@password_stdin
@click.option(
    "--protection",
    type=click.Choice(LEVELS),
    help="How the vault opens: keychain with your login session (the default where there is one), guarded by the password.",
)
@click.option(
    "--recovery-file",
    default="",
    metavar="FILE",
    shell_complete=completing.files,
    help="Write a recovery key into this new file; on a terminal it is shown.",
)
@click.option("--port", type=PORT, help="The port of the proxy, 8765 by default.")
@with_errand
def init(errand: Errand, email: str, password_stdin: bool, protection: str | None, recovery_file: str, port: int | None) -> None:
    """Make an account on this machine, seal its keys with a password, and start the daemon.

    It also writes .agent/workflows/agentsecrets.md into this folder: how an assistant uses the tool.
    """
    if not email:
        if not errand.has_person:
            raise NoTerminal(what="an e-mail address", flag="--email ADDRESS")
        email = click.prompt("E-mail", err=True)
    asked = {"email": email, "protection": protection or "", "recovery_file": absolute(recovery_file), **choice(port)}
    made = errand.presence("init", password_stdin=password_stdin, **asked)
    workflow = write_workflow(errand.note)
    status = errand.ask_running("/v1/status")
    errand.tell(
        {**made, "workspace": status["workspace"], "port": status["port"], "workflow": workflow},
        f"This machine has an account now: {made['email']}, workspace {status['workspace']}, protection {made['protection']}.\n"
        f"The vault is open, and the proxy listens on 127.0.0.1:{status['port']}.\n",
    )
    if not made["recovery"]:
        errand.note("note: there is no recovery key; make one with: agentsecrets password recovery")
    errand.note(f"protection {made['protection']}: {made['why']}")
    errand.note("next: agentsecrets project create NAME")


@click.command("status", short_help="Say where you stand.")
@with_errand
def status(errand: Errand) -> int:
    """Say whether the vault is open, how it is protected, and which project commands here would use."""
    return fast.settled(fast.status(errand.connection(), errand.given))


@click.command("unlock", short_help="Open the vault until it is locked again.")
@password_stdin
@click.option("--recovery", is_flag=True, help="Ask for the recovery key instead of the password.")
@click.option("--password", is_flag=True, help="Ask for the password also where the keychain would open the vault.")
@click.option("--idle-lock", default="", metavar="TIME", help="Lock after so long without use, e.g. 30m; 8h at first, then as chosen last.")
@with_errand
def unlock(errand: Errand, password_stdin: bool, recovery: bool, password: bool, idle_lock: str) -> None:
    """Start a fresh daemon that holds the keys in memory, until `agentsecrets lock`, the idle limit, or a restart.

    At level keychain nobody is asked: the keychain opens the vault, or says why not.
    """
    asked: dict[str, Any] = {"idle_lock_s": seconds(idle_lock, "--idle-lock")} if idle_lock else {}
    unlocked(errand, password_stdin=password_stdin, recovery=recovery, password=password, **asked)


def unlocked(errand: Errand, *, password_stdin: bool, **asked: Any) -> None:
    """Opens the vault and says so.

    Args:
        errand: The command that is under way.
        password_stdin: Whether the password stands on standard input.
        asked: What else the deed wants to know.
    """
    started = errand.hand_over("unlock", password_stdin=password_stdin, asks=errand.has_person, **choice(None), **asked)
    told = {**started, "locked": False}
    errand.tell(told, f"The vault of {started['email']} is open; the proxy listens on 127.0.0.1:{started['port']}.\n")


@click.command("lock", short_help="Close the vault.")
@with_errand
def lock(errand: Errand) -> None:
    """Let running calls end, and forget all keys. Without a running daemon there is nothing to forget.

    At level keychain a daemon that is started later opens the vault again.
    """
    try:
        lock_daemon(errand.home)
    except NoDaemon:
        errand.note("no daemon is running")
    errand.tell({"locked": True}, "The vault is locked.\n")


def choice(port: int | None) -> dict[str, Any]:
    """How a deed is to start its daemon: by flag, else by the variables of this command.

    Args:
        port: The port by flag, None for none.
    """
    chosen = by_variable() if port is None else Choice(port=port, remember_port=True)
    return {"port": chosen.port, "remember_port": chosen.remember_port}
