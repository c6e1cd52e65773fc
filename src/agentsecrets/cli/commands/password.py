"""``password change`` and ``password recovery``."""

from __future__ import annotations

import click

from agentsecrets.cli.errand import Errand
from agentsecrets.cli.grammar import LazyGroup, password_stdin, with_errand
from agentsecrets.cli.paths import absolute

PASSWORD = LazyGroup(
    "password",
    short_help="Change the account password, or make a recovery key.",
    help="What opens the account: its password, and a recovery key for when the password is forgotten.",
    sources={"change": "password:change", "recovery": "password:recovery"},
)


@click.command("change", short_help="Change the account password.")
@click.option("--recovery", is_flag=True, help="Ask for the recovery key instead of the old password.")
@password_stdin
@with_errand
def change(errand: Errand, recovery: bool, password_stdin: bool) -> None:
    """Change the account password. What the daemon holds stays open; the recovery key stays good.

    With --password-stdin the old password (or the recovery key) is the first line, and the new password the second.
    """
    told = errand.presence("password.change", password_stdin=password_stdin, recovery=recovery)
    errand.tell(told, f"The password of {told['email']} is changed.\n")


@click.command("recovery", short_help="Make a recovery key.")
@click.option("--recovery-file", default="", metavar="FILE", help="Write it into this new file instead of showing it.")
@password_stdin
@with_errand
def recovery(errand: Errand, recovery_file: str, password_stdin: bool) -> None:
    """Make a recovery key of twelve words, in place of the one that there was. It is shown once, on a terminal only."""
    told = errand.presence("password.recovery", password_stdin=password_stdin, file=absolute(recovery_file))
    where = f" It stands in {told['file']}." if told["file"] else ""
    errand.tell(told, f"The recovery key of {told['email']} is new.{where}\n")
