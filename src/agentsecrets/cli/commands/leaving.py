"""``logout`` and ``login``: an account leaves this machine's commands, and comes back."""

from __future__ import annotations

import click

from agentsecrets.cli.commands.account import unlocked
from agentsecrets.cli.errand import Errand
from agentsecrets.cli.grammar import password_stdin, with_errand
from agentsecrets.model.protection import GUARDED, KEYCHAIN


@click.command("logout", short_help="Set the account of this machine aside.")
@click.option("--erase", default="", metavar="EMAIL", help="Delete the account for good; takes its e-mail address, as a confirmation.")
@password_stdin
@with_errand
def logout(errand: Errand, erase: str, password_stdin: bool) -> None:
    """Stop the daemon and set the account aside: no command can use it until `agentsecrets login`. Needs the account password.

    Its secrets and its log stay in the state folder, sealed under the password: a keychain opens them no more. With --erase they are
    deleted, and there is no way back.
    """
    left = errand.presence("leave", password_stdin=password_stdin, erase=erase)
    if left["items_left"]:
        errand.note(f"the keychain did not let go of {left['items_left']} item(s): what is left there opens nothing any more")
    if left["erased"]:
        errand.tell(left, f"{left['email']} is erased, with all its secrets.\n")
        return
    errand.tell(left, f"{left['email']} is logged out. Its sealed files lie in {left['kept']}.\n")
    errand.note("to come back: agentsecrets login")
    if left["before"] == KEYCHAIN:
        errand.note(f"its protection is {GUARDED} then; for the one before: agentsecrets protection set {KEYCHAIN}")
    errand.note("if the password is forgotten: agentsecrets login --recovery, then agentsecrets password change --recovery")


@click.command("login", short_help="Bring back an account that was logged out.")
@click.argument("email", default="")
@click.option("--recovery", is_flag=True, help="Ask for the recovery key instead of the password.")
@password_stdin
@with_errand
def login(errand: Errand, email: str, recovery: bool, password_stdin: bool) -> None:
    """Bring back an account that was logged out on this machine, and unlock it. EMAIL says which, when there are several."""
    back = errand.hand_over("return", email=email)
    errand.note(f"{back['email']} is the account of this machine again")
    unlocked(errand, password_stdin=password_stdin, recovery=recovery)
