"""``protection show`` and ``protection set``."""

from __future__ import annotations

import click

from agentsecrets.cli.commands.account import LEVELS, choice
from agentsecrets.cli.errand import Errand
from agentsecrets.cli.grammar import LazyGroup, password_stdin, with_errand
from agentsecrets.wire.tables import pairs

PROTECTION = LazyGroup(
    "protection",
    short_help="Show or change how the vault opens.",
    help="The level of protection: how the vault opens, and what that is worth.",
    sources={"show": "protection:show", "set": "protection:change"},
)


@click.command("show", short_help="Show how the vault opens.")
@with_errand
def show(errand: Errand) -> None:
    """Show the level of protection, what it is worth, and whether this machine has a keychain that could be used now."""
    told = errand.hand_over("protection.show")
    found = told["keychain"]
    lines = [
        ("Protection", f"{told['protection']}: {told['why']}"),
        ("Its limit", told["limit"]),
        ("Keychain", found["name"] if found["usable"] else f"not usable: {found['message']}"),
        ("Change it", "agentsecrets protection set " + "|".join(name for name in LEVELS if name != told["protection"])),
    ]
    errand.tell(told, pairs(lines))


@click.command("set", short_help="Change how the vault opens.")
@click.argument("level", type=click.Choice(LEVELS))
@password_stdin
@with_errand
def change(errand: Errand, level: str, password_stdin: bool) -> None:
    """Seal the account for another level, and start a fresh daemon. The password and the recovery key stay as they are.

    From keychain to guarded the keychain's item is removed. Whoever could ask the keychain before may have kept a copy of what it opened.
    """
    told = errand.presence("protection.set", password_stdin=password_stdin, level=level, **choice(None))
    errand.tell(told, f"The vault of {told['email']} is at level {level} now: {told['why']}.\n")
    if told["items_left"]:
        errand.note("note: the keychain did not let go of an item; it opens nothing any more, and `agentsecrets unlock` tries again")
