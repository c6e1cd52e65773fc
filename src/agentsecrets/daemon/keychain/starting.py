"""How a daemon that nobody handed keys comes to them at its start."""

from __future__ import annotations

import os
from typing import NamedTuple

from agentsecrets.daemon.hardening import harden, is_traced
from agentsecrets.daemon.keychain.bounded import BoundedKeychain
from agentsecrets.daemon.keychain.opening import keys_by_keychain
from agentsecrets.errors import AgentSecretsError, BeingTraced
from agentsecrets.model.protection import KEYCHAIN
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import StateDb


class Start(NamedTuple):
    """What a daemon starts with.

    Attributes:
        keys: ``UnattendedKeys.pack``, None for a locked daemon.
        refusal: Why it is locked although its level would open it.
    """

    keys: bytes | None = None
    refusal: AgentSecretsError | None = None

    def __repr__(self) -> str:
        return "<Start>"


LOCKED = Start()


def opened_by_itself(home: Home, *, detached: bool) -> Start:
    """Opens the vault where the level is ``keychain`` and the keychain is open; a refusal leaves the daemon locked, and known.

    Args:
        home: The state folder; this process holds its lock.
        detached: Whether nobody waits for this process. Then a fork of it goes on, whose memory nobody could have opened before it was
            hardened (see ``seclusion``).
    """
    if not home.state_db.exists():
        return LOCKED
    store = StateDb(home.state_db)
    account = store.account()
    store.close()
    if account is None or account.protection != KEYCHAIN:
        return LOCKED
    try:
        if is_traced():
            raise BeingTraced
        if detached:
            _go_on_in_a_fork()
        return Start(keys_by_keychain(account, BoundedKeychain()).pack())
    except AgentSecretsError as refusal:
        return Start(refusal=refusal)


def _go_on_in_a_fork() -> None:
    if os.fork():
        os._exit(0)
    harden()
