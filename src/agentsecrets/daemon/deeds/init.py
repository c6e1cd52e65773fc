"""Makes the account of this machine and starts its daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.deeds.deed import Deed
from agentsecrets.daemon.deeds.starting import Starts, daemon_to_be, replace_daemon
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import AccountExists, PasswordsDiffer
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import StateDb
from agentsecrets.vault.accounts import found_account


class _Asked(Starts, frozen=True, kw_only=True):
    email: str


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    home = Home(Path(asked.home))
    home.create()
    waiting = daemon_to_be(asked)
    store = StateDb(home.state_db)
    existing = store.account()
    if existing is not None:
        raise AccountExists(email=existing.email)
    person.show("AgentSecrets cannot reset this password: keep it well.")
    password = person.secret("New password")
    if not asked.password_stdin and person.secret("The same again") != password:
        raise PasswordsDiffer
    account, keys, founded = found_account(asked.email, password, SystemClock().now_ms())
    store.found(account, founded.workspace_id, founded.first.encode())
    store.close()
    replace_daemon(home, waiting, keys)
    return {"email": account.email, "protection": account.protection}


DEED = Deed("init", _Asked, _perform)
