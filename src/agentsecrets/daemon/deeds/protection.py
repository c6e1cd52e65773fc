"""Moves the account to another level of protection, with its daemon."""

from __future__ import annotations

from typing import Any

from agentsecrets.crypto.passwords import encoded
from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.deeds.deed import Deed
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.deeds.protecting import check_level, place, told
from agentsecrets.daemon.deeds.starting import Starts, daemon_to_be, replacing
from agentsecrets.daemon.keychain.bounded import BoundedKeychain
from agentsecrets.daemon.protecting import move, tidy
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import AgentSecretsError
from agentsecrets.model.protection import KEYCHAIN, level


class _Asked(Starts, frozen=True, kw_only=True):
    level: str


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    wanted, keychain = level(check_level(asked.level)), BoundedKeychain()
    where = f" ({place(keychain.check())})" if wanted.name == KEYCHAIN else ""
    waiting = daemon_to_be(asked)
    shown = f"AgentSecrets: protection {wanted.name}{where}: the vault opens {wanted.opens}.\r\nIts limit: {wanted.limit}."
    opened = Opened(asked, person, shown)
    with replacing(opened.home, waiting) as replaced:
        before = (opened.account, opened.keys)
        try:
            keys, left = move(opened.store, keychain, before, encoded(opened.typed), wanted.name, SystemClock().now_ms())
        except AgentSecretsError:
            replaced.by(opened.keys.unattended)
            tidy(opened.store, keychain)
            raise
        opened.store.close()
        replaced.by(keys.unattended)
    return {"email": opened.account.email, **told(wanted.name), "before": before[0].protection, "items_left": left} | replaced.started


DEED = Deed("protection.set", _Asked, _perform)
