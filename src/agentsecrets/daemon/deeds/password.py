"""Seals the account under another password, opened by the old one or by the recovery key."""

from __future__ import annotations

from typing import Any

from agentsecrets.crypto.keys import with_password
from agentsecrets.crypto.passwords import encoded
from agentsecrets.daemon.deeds.choosing import new_password
from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.terminal import Person


class _Asked(Asked, frozen=True, kw_only=True):
    recovery: bool = False


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    opened = Opened(asked, person, "AgentSecrets: change the password of the account", recovery=asked.recovery)
    password = new_password(asked, person, opened.account.email)
    opened.store.rewrite(opened.account, with_password(opened.account, opened.keys, encoded(password)))
    return {"email": opened.account.email}


DEED = Deed("password.change", _Asked, _perform)
