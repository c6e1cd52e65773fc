"""Levels of protection: how a vault opens, and what that is worth."""

from __future__ import annotations

from typing import NamedTuple

from agentsecrets.errors import FormatUnknown


class Level(NamedTuple):
    """One level.

    Attributes:
        name: As commands and the sealed account call it.
        opens: How the vault opens, for somebody who chooses.
        why: What it means while it is in force.
        limit: What it does not protect against.
    """

    name: str
    opens: str
    why: str
    limit: str


GUARDED = "guarded"
KEYCHAIN = "keychain"

LEVELS: tuple[Level, ...] = (
    Level(
        KEYCHAIN,
        "by itself, with your login session: the operating system's keychain holds what opens it",
        "what opens the keys lies in the keychain of the operating system, which opens with your login session",
        "any program of your user could ask the keychain itself, or run `agentsecrets env`; guarded asks for the password instead",
    ),
    Level(
        GUARDED,
        "by the account password, with `agentsecrets unlock`, until it is locked or idle for too long",
        "the keys are sealed under the password, and only while the vault is open in memory that other programs of yours cannot read",
        "whoever can change your program files, shell or terminal can wait for the password; root can read any memory",
    ),
)
"""All levels that a person chooses for a vault, the more convenient first."""

ISOLATED = Level(
    "isolated",
    "by the account password, with `sudo agentsecrets unlock`, on a machine with the service",
    "daemon, state and program belong to another user; agents reach a socket and a port for calls, and nothing else",
    "whoever can become root, or reads the terminal on which an administrator types, gets at the vault",
)
"""What is in force where the daemon is the service of its machine, whichever of the others seals the account."""


def level(name: str) -> Level:
    """The level of a name.

    Raises:
        FormatUnknown: When there is none: an account of a newer AgentSecrets.
    """
    for known in LEVELS:
        if known.name == name:
            return known
    raise FormatUnknown(kind="account")
