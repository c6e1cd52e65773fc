"""Opens the vault: a fresh daemon with the keys."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from agentsecrets.daemon.deeds.deed import Deed
from agentsecrets.daemon.deeds.depositing import account_of
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.deeds.starting import Starts, daemon_to_be, replacing
from agentsecrets.daemon.keychain.bounded import BoundedKeychain
from agentsecrets.daemon.keychain.opening import keys_by_keychain
from agentsecrets.daemon.protecting import tidy
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import PresenceRequired
from agentsecrets.model.protection import KEYCHAIN
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import StateDb


class _Asked(Starts, frozen=True, kw_only=True):
    """``password`` asks for it where the keychain would do; ``asks`` says whether there is a person."""

    recovery: bool = False
    password: bool = False
    asks: bool = True


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    waiting = daemon_to_be(asked)
    account, keychain = account_of(asked), BoundedKeychain()
    by_person = asked.recovery or asked.password or asked.password_stdin or account.protection != KEYCHAIN
    if by_person and not (asked.asks or asked.password_stdin):
        raise PresenceRequired
    if by_person:
        opened = Opened(asked, person, "AgentSecrets: unlock the vault", recovery=asked.recovery)
        account, keys = opened.account, opened.keys.unattended
        opened.store.close()
    else:
        keys = keys_by_keychain(account, keychain)
    home = Home(Path(asked.home))
    with replacing(home, waiting) as replaced, contextlib.closing(StateDb(home.state_db)) as store:
        tidy(store, keychain)
        replaced.by(keys)
    return {"email": account.email, "protection": account.protection} | replaced.started


DEED = Deed("unlock", _Asked, _perform)
