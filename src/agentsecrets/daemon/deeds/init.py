"""Makes the account of this machine and starts its daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agentsecrets.crypto.keys import OpenPerson, SealedAccount, with_recovery
from agentsecrets.crypto.passwords import encoded
from agentsecrets.crypto.recovery import RecoveryKey
from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.deeds.choosing import new_password
from agentsecrets.daemon.deeds.deed import Deed
from agentsecrets.daemon.deeds.protecting import chosen, told
from agentsecrets.daemon.deeds.recovering import check_way, hand_out
from agentsecrets.daemon.deeds.starting import Starts, daemon_to_be, replacing
from agentsecrets.daemon.keychain.bounded import BoundedKeychain
from agentsecrets.daemon.protecting import moved, tidy
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import AccountExists
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import StateDb
from agentsecrets.vault.accounts import found_account, parse_email


class _Asked(Starts, frozen=True, kw_only=True):
    email: str
    protection: str = ""
    recovery_file: str = ""


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    home, recovers = Home(Path(asked.home)), bool(asked.recovery_file) or not asked.password_stdin
    home.create()
    if recovers:
        check_way(file=asked.recovery_file, stdin=asked.password_stdin)
    waiting = daemon_to_be(asked)
    store, keychain = StateDb(home.state_db), BoundedKeychain()
    _check_none(store)
    email, level = parse_email(asked.email), chosen(asked.protection, person, keychain)
    password, now = new_password(asked, person, email), SystemClock().now_ms()
    account, keys, founded = found_account(email, password, now)
    with replacing(home, waiting, lambda: _check_none(store)) as replaced:
        try:
            if level != account.protection:
                account, keys = moved(store, keychain, (account, keys), encoded(password), level, now)
            if recovers:
                account = _recoverable(account, keys, person, asked.recovery_file)
            store.found(account, founded.workspace_id, founded.first.encode())
        finally:
            tidy(store, keychain)
        store.close()
        replaced.by(keys.unattended)
    return {"email": account.email, **told(level), "recovery": recovers}


def _check_none(store: StateDb) -> None:
    """Of two that are made at once, the second must not stop the daemon of the first."""
    existing = store.account()
    if existing is not None:
        raise AccountExists(email=existing.email)


def _recoverable(account: SealedAccount, keys: OpenPerson, person: Person, file: str) -> SealedAccount:
    key = RecoveryKey.generate()
    hand_out(key, person, file)
    return with_recovery(account, keys, key)


DEED = Deed("init", _Asked, _perform)
