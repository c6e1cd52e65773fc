"""Puts an account that was logged out in force again. It stays sealed: nobody is asked, and unlocking is another deed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agentsecrets.client.lifecycle import taken_over
from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import AccountExists, BadUsage, NothingSetAside
from agentsecrets.storage.paths import Home
from agentsecrets.storage.set_aside import bring_back, kept, kept_state
from agentsecrets.storage.state_db import account_in


class _Asked(Asked, frozen=True, kw_only=True):
    """A request to come back.

    Attributes:
        email: Whose account, empty when there is one only.
    """

    email: str = ""


def _perform(asked: _Asked, _: Person) -> dict[str, Any]:
    home = Home(Path(asked.home))
    home.create()
    _check_none(home)
    known = {account_id: _email(kept_state(home, account_id)) for account_id in kept(home)}
    meant = [account_id for account_id, email in known.items() if asked.email in ("", email)]
    if not meant:
        raise NothingSetAside(which=f" {asked.email}" if asked.email else "")
    if len(meant) > 1:
        raise BadUsage(problem=f"name the account that is to come back: {', '.join(sorted(set(known.values())))}")
    with taken_over(home.root):
        _check_none(home)  # again: nobody can make one any more
        bring_back(home, meant[0])
    return {"email": known[meant[0]]}


def _check_none(home: Home) -> None:
    in_force = account_in(home.state_db)
    if in_force is not None:
        raise AccountExists(email=in_force.email)


def _email(path: Path) -> str:
    account = account_in(path)
    return account.email if account else ""


DEED = Deed("return", _Asked, _perform)
