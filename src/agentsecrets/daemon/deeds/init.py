"""Makes the account of this machine and starts its daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agentsecrets.crypto.keys import with_recovery
from agentsecrets.crypto.recovery import RecoveryKey
from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.deeds.choosing import new_password
from agentsecrets.daemon.deeds.deed import Deed
from agentsecrets.daemon.deeds.recovering import check_way, hand_out
from agentsecrets.daemon.deeds.starting import Starts, daemon_to_be, replace_daemon
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import AccountExists
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import StateDb
from agentsecrets.vault.accounts import found_account, parse_email


class _Asked(Starts, frozen=True, kw_only=True):
    email: str
    recovery_file: str = ""


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    home, recovers = Home(Path(asked.home)), bool(asked.recovery_file) or not asked.password_stdin
    home.create()
    if recovers:
        check_way(file=asked.recovery_file, stdin=asked.password_stdin)
    waiting = daemon_to_be(asked)
    store = StateDb(home.state_db)
    existing = store.account()
    if existing is not None:
        raise AccountExists(email=existing.email)
    email = parse_email(asked.email)
    account, keys, founded = found_account(email, new_password(asked, person, email), SystemClock().now_ms())
    if recovers:
        key = RecoveryKey.generate()
        account = with_recovery(account, keys, key)
        hand_out(key, person, asked.recovery_file)
    store.found(account, founded.workspace_id, founded.first.encode())
    store.close()
    replace_daemon(home, waiting, keys)
    return {"email": account.email, "protection": account.protection, "recovery": recovers}


DEED = Deed("init", _Asked, _perform)
