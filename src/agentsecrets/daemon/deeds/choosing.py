"""Asking for a new password."""

from __future__ import annotations

from agentsecrets.daemon.deeds.deed import Asked
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import PasswordsDiffer
from agentsecrets.vault.accounts import check_password


def new_password(asked: Asked, person: Person, email: str) -> str:
    """The password that a person chooses: typed twice on a terminal, one line of standard input in a script.

    Raises:
        PasswordsDiffer, WeakPassword, NoTerminal
    """
    person.show("AgentSecrets cannot reset this password: keep it well.")
    password = person.secret("New password")
    if not asked.password_stdin and person.secret("The same again") != password:
        raise PasswordsDiffer
    check_password(password, email)
    return password
