"""Gives the vault of the service to a user: it lies set aside in a state folder of theirs, and a sealed copy stays."""

from __future__ import annotations

from typing import Any

from agentsecrets.client.lifecycle import taken_over
from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.depositing import account_of
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.moving.giving import send
from agentsecrets.daemon.moving.stream import Stream, Taken, told
from agentsecrets.daemon.terminal import Person, quoted
from agentsecrets.errors import MoveBrokenOff
from agentsecrets.model.protection import GUARDED, level
from agentsecrets.storage.audit_db import AuditDb
from agentsecrets.storage.set_aside import drop_aside, set_aside

_SECONDS = 600.0
"""A taker that reads a long log through takes its time."""
_SHOWN = (
    "AgentSecrets: move the vault of {email} out of the service of this machine\r\n"
    "  Into {folder} of the user {user}, for protection {level} from then on.\r\n"
    "  Its limit: {limit}."
)


class _Asked(Asked, frozen=True, kw_only=True):
    """A request to give the vault away.

    Attributes:
        stream_fd: Descriptor of the stream to its taker.
        user: Who gets it, for the person who reads.
        folder: Where it will lie, for the person who reads.
    """

    stream_fd: int
    user: str
    folder: str


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    with Stream(asked.stream_fd, _SECONDS) as taker, told(taker):
        folder, user = quoted(asked.folder), quoted(asked.user)
        known = level(GUARDED)
        shown = _SHOWN.format(email=account_of(asked).email, folder=folder, user=user, level=known.name, limit=known.limit)
        opened = Opened(asked, person, shown)
        with taken_over(opened.home.root):
            AuditDb(opened.home.audit_db).close()  # whoever opens a database last and closes it leaves no write-ahead log
            opened.store.close()
            sent = send(taker, opened.home)
            if taker.hear(Taken) != sent:
                raise MoveBrokenOff(problem="something else arrived than was sent")
            drop_aside(opened.home, opened.account.account_id)  # an older copy, of an earlier move
            kept = set_aside(opened.home, opened.account.account_id)
    return {"email": opened.account.email, "protection": opened.account.protection, "kept": str(kept)}


DEED = Deed("release", _Asked, _perform)
