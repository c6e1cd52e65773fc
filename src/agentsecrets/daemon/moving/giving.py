"""The giver's part: the sealed files as they lie when no program has them open, and their removal at the taker's word."""

from __future__ import annotations

import contextlib
from pathlib import Path

from agentsecrets.client.lifecycle import taken_over
from agentsecrets.daemon.keychain.bounded import BoundedKeychain
from agentsecrets.daemon.moving.stream import ABSENT, Gone, Offer, Stream, Taken, digest_of
from agentsecrets.errors import AgentSecretsError, MovedVaultChanged, NothingToMove, StateDamaged, StateUnwritable
from agentsecrets.ports import Keychain
from agentsecrets.storage.audit_db import AuditDb
from agentsecrets.storage.paths import Home
from agentsecrets.storage.set_aside import check_closed, erase
from agentsecrets.storage.state_db import StateDb


def give_away(stream: Stream, root: Path) -> None:
    """Stops the daemon of a state folder, keeps any other from starting, sends the account in force, and erases it when it was taken.

    Args:
        stream: To the taker.
        root: The state folder of this very user.

    Raises:
        NothingToMove: When no account is in force there.
        MovedVaultChanged: When it is not what was sent any more; it stays.
        UnsafeState, AlreadyRunning, StateDamaged, StateUnwritable, MoveBrokenOff
    """
    home = Home(root)
    home.check()
    if not home.state_db.exists():
        raise NothingToMove(folder=root)
    home.create()
    with taken_over(root):
        items = _closed(home)
        send(stream, home)
        _check_same(home, stream.hear(Taken))
        left = _delete_items(BoundedKeychain(), items)
        erase(home)
        stream.say(Gone(items_left=left))


def send(stream: Stream, home: Home) -> Taken:
    """Sends the account in force of a folder that is held and whose databases are closed; answers what the taker should have got."""
    check_closed(home)
    offer = Offer(state=_size(home.state_db), log=_size(home.audit_db))
    stream.say(offer)
    state = stream.send_file(home.state_db, offer.state)
    return Taken(state=state, log="" if offer.log == ABSENT else stream.send_file(home.audit_db, offer.log))


def _closed(home: Home) -> list[str]:
    """Moves what stands in write-ahead logs into the files, and answers the names of the keychain's items."""
    if home.audit_db.exists():  # where there is none, none is made: the second of two moves must find what the first has left
        AuditDb(home.audit_db).close()
    with contextlib.closing(StateDb(home.state_db)) as store:
        if store.account() is None:
            raise NothingToMove(folder=home.root)
        return store.items()


def _check_same(home: Home, taken: Taken) -> None:
    """Somebody may have written there since: what the taker does not have is not removed."""
    try:
        check_closed(home)
        same = (digest_of(home.state_db), digest_of(home.audit_db)) == (taken.state, taken.log)
    except (StateDamaged, StateUnwritable):
        same = False
    if not same:
        raise MovedVaultChanged(folder=home.root)


def _delete_items(keychain: Keychain, items: list[str]) -> int:
    """Removes what would open the old files, which stay as they are until they go. Answers how many items were not let go."""
    for done, name in enumerate(items):
        try:
            keychain.delete(name)
        except AgentSecretsError:
            return len(items) - done
    return 0


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return ABSENT
