"""Opens the vault: a fresh daemon with the keys."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.deeds.deed import Deed
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.deeds.starting import Starts, daemon_to_be, replace_daemon
from agentsecrets.daemon.terminal import Person


class _Asked(Starts, frozen=True, kw_only=True):
    recovery: bool = False


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    waiting = daemon_to_be(asked)
    opened = Opened(asked, person, "AgentSecrets: unlock the vault", recovery=asked.recovery)
    opened.store.close()
    return {"email": opened.account.email} | replace_daemon(opened.home, waiting, opened.keys)


DEED = Deed("unlock", _Asked, _perform)
