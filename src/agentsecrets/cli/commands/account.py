"""``init``, ``unlock``, ``status``."""

from __future__ import annotations

import sys

import click

from agentsecrets.cli.context import control, output, password_stdin, presence, restart_locked
from agentsecrets.cli.printing import print_json
from agentsecrets.errors import NoTerminal


@click.command()
@click.option("--email", default="", help="Your e-mail address.")
@click.option("--protection", type=click.Choice(["guarded"]), default="guarded", help="How the vault opens: with your password.")
@password_stdin
@output
def init(email: str, protection: str, password_stdin: bool, output: str) -> None:  # noqa: ARG001  (one level so far)
    """Create an account on this machine and start the proxy, unlocked."""
    if not email:
        if not sys.stdin.isatty():
            raise NoTerminal(what="an e-mail address", flag="--email")
        email = click.prompt("E-mail", err=True)
    told = presence("init", password_stdin=password_stdin, email=email)
    if output == "json":
        print_json(told)
    else:
        print(f"Account {told['email']} is ready; protection: {told['protection']}.\nNext: agentsecrets project create NAME")


@click.command()
@password_stdin
@output
def unlock(password_stdin: bool, output: str) -> None:
    """Open the vault: starts a fresh daemon that holds the keys in memory."""
    told = presence("unlock", password_stdin=password_stdin)
    print_json(told) if output == "json" else print("The vault is unlocked.")


@click.command()
@output
def lock(output: str) -> None:
    """Close the vault: the daemon that holds the keys ends, a fresh one without keys takes its place."""
    told = control().ask("/v1/status")
    restart_locked(told["port"])
    print_json({"locked": True}) if output == "json" else print("The vault is locked.")


@click.command()
@output
def status(output: str) -> None:
    """Say who is logged in, whether the vault is locked, and what is active."""
    told = control().ask("/v1/status")
    if output == "json":
        print_json(told)
        return
    for name, shown in told.items():
        print(f"{name.replace('_', ' '):<12} {str(shown).lower() if isinstance(shown, bool) else shown}")


COMMANDS = {"init": init, "unlock": unlock, "lock": lock, "status": status}
