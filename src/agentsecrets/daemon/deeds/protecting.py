"""What a person reads and chooses about levels of protection."""

from __future__ import annotations

import os
from typing import NamedTuple

from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import AgentSecretsError, BadUsage
from agentsecrets.model.protection import GUARDED, ISOLATED, KEYCHAIN, LEVELS, level
from agentsecrets.ports import Keychain
from agentsecrets.wire.bus import VARIABLE
from agentsecrets.wire.service import ours


class Usable(NamedTuple):
    """What the keychain of this machine is good for now.

    Attributes:
        name: How its person knows it, empty when it cannot be used.
        refusal: Why not.
    """

    name: str = ""
    refusal: AgentSecretsError | None = None


def usable(keychain: Keychain) -> Usable:
    """Asks the keychain once."""
    try:
        return Usable(keychain.check())
    except AgentSecretsError as refusal:
        return Usable(refusal=refusal)


def chosen(wanted: str, person: Person, keychain: Keychain) -> str:
    """The level of a new account: the one that was named, else the person's choice, else ``keychain`` where there is one.

    Args:
        wanted: Name of a level, empty for none.
        person: Whoever is asked.
        keychain: The keychain of this machine.

    Raises:
        BadUsage: When there is no level of that name.
        KeychainMissing, KeychainLocked, KeychainSilent, KeychainRefused: When ``keychain`` was named and it cannot be used.
    """
    if wanted:
        if check_level(wanted) == KEYCHAIN:
            keychain.check()
        return wanted
    found = usable(keychain)
    if found.refusal is not None:
        person.show(f"Protection: {GUARDED}, because {found.refusal.message}.")
        return GUARDED
    person.show(f"How is the vault to open? The keychain here: {place(found.name)}.")
    for known in LEVELS:
        person.show(f"  {known.name}: {known.opens}.\r\n    Its limit: {known.limit}.")
    names = [known.name for known in LEVELS]
    while (answer := person.answer(f"Protection [{KEYCHAIN}]") or KEYCHAIN) not in names:
        person.show(f"One of: {', '.join(names)}.")
    return answer


def check_level(name: str) -> str:
    """Accepts the name of a level.

    Raises:
        BadUsage
    """
    if name not in {known.name for known in LEVELS}:
        raise BadUsage(problem=f"a level is one of {', '.join(known.name for known in LEVELS)}")
    return name


def place(name: str) -> str:
    """A keychain and where it is: a variable of the caller may have chosen the bus, and what answers there gets the item."""
    bus = os.environ.get(VARIABLE, "")
    return f"{name} at {bus}" if bus and bus != f"unix:path=/run/user/{os.geteuid()}/bus" else name


def told(name: str) -> dict[str, str]:
    """A level for the answer of a command: the vault's, or that of the service whose user this is."""
    known = ISOLATED if ours() else level(name)
    return {"protection": known.name, "why": known.why, "limit": known.limit}
