"""Makes a recovery key, in place of the one that there was."""

from __future__ import annotations

from typing import Any

from agentsecrets.crypto.keys import with_recovery
from agentsecrets.crypto.recovery import RecoveryKey
from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.deeds.recovering import check_way, hand_out
from agentsecrets.daemon.terminal import Person


class _Asked(Asked, frozen=True, kw_only=True):
    file: str = ""


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    check_way(file=asked.file, stdin=asked.password_stdin)
    replaces = "AgentSecrets: make a recovery key; one that was made before opens nothing any more"
    opened, key = Opened(asked, person, replaces), RecoveryKey.generate()
    hand_out(key, person, asked.file)
    opened.store.rewrite(opened.account, with_recovery(opened.account, opened.keys, key))
    return {"email": opened.account.email, "file": asked.file}


DEED = Deed("password.recovery", _Asked, _perform)
