"""Takes a user's vault into the service of this machine: it is put in force, opened by its password, and then gone where it came from."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, NamedTuple

from agentsecrets.crypto.keys import OpenPerson, SealedAccount
from agentsecrets.crypto.levels import at_guarded
from agentsecrets.crypto.passwords import encoded
from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.deeds.deed import Deed
from agentsecrets.daemon.deeds.opening import opened_by
from agentsecrets.daemon.deeds.protecting import told as level_told
from agentsecrets.daemon.deeds.starting import Starts, daemon_to_be, replacing
from agentsecrets.daemon.moving.stream import Gone, Stream, Taken, told
from agentsecrets.daemon.moving.taking import arrived_account, receive
from agentsecrets.daemon.terminal import Person, quoted
from agentsecrets.errors import AccountExists, AgentSecretsError, MovedVaultChanged
from agentsecrets.model.protection import GUARDED, ISOLATED
from agentsecrets.storage.paths import Home
from agentsecrets.storage.set_aside import bring_back, drop_arrived, erase, put_arrived_aside
from agentsecrets.storage.state_db import StateDb, account_in

_SECONDS = 120.0
_TAKEN = "taken_from"
"""Name of the choice that says which files an account was taken from: it comes into force together with it."""
_SHOWN = (
    "AgentSecrets: move the vault of {email} into the service of this machine\r\n"
    "  From {folder} of the user {user}, where it is erased once the service has opened it.\r\n"
    "  Protection isolated: it opens {opens}."
)


class _Asked(Starts, frozen=True, kw_only=True):
    """A request to take a vault.

    Attributes:
        stream_fd: Descriptor of the stream from its giver.
        user: Whose it was, for the person who reads.
        folder: Where it lay, for the person who reads.
    """

    stream_fd: int
    user: str
    folder: str


class _Arrival(NamedTuple):
    """What has arrived: which files, and the account to be opened. ``again``: it is in force already, by a move that was cut off."""

    taken: Taken
    account: SealedAccount
    again: bool


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    home = Home(Path(asked.home))
    home.create()
    with Stream(asked.stream_fd, _SECONDS) as giver, told(giver), contextlib.ExitStack() as leftovers:
        waiting = daemon_to_be(asked)
        leftovers.callback(drop_arrived, home)
        arrival = _arrival(giver, home, asked.folder)
        person.show(_SHOWN.format(email=arrival.account.email, folder=quoted(asked.folder), user=quoted(asked.user), opens=ISOLATED.opens))
        opened, typed = opened_by(arrival.account, person, once=asked.password_stdin)
        with replacing(home, waiting, lambda: _check_still(home, arrival)) as replaced:
            try:
                keys = opened if arrival.again else _put_in_force(home, arrival, opened, encoded(typed))
                replaced.by(keys.unattended)
            except AgentSecretsError:
                if not arrival.again:
                    erase(home)  # the giver has it still, and nobody may believe in a vault that did not open
                raise
        giver.say(arrival.taken)
        gone = giver.hear(Gone)
    before = {"before": arrival.account.protection, "items_left": gone.items_left}
    return {"email": arrival.account.email, **level_told(GUARDED), **before} | replaced.started


def _arrival(giver: Stream, home: Home, folder: str) -> _Arrival:
    taken = receive(giver, home)
    arrived, (in_force, known) = arrived_account(home), _in_force(home)
    if in_force is None:
        return _Arrival(taken, arrived, again=False)
    if in_force.account_id != arrived.account_id:
        raise AccountExists(email=in_force.email)
    state, _, log = known.partition(" ")
    if taken.state != state or taken.log not in (log, ""):  # the giver may have been cut off when the log was gone
        raise MovedVaultChanged(folder=folder)
    return _Arrival(taken, in_force, again=True)


def _in_force(home: Home) -> tuple[SealedAccount | None, str]:
    if not home.state_db.exists():
        return None, ""
    with contextlib.closing(StateDb(home.state_db)) as store:
        return store.account(), store.choice(_TAKEN)


def _check_still(home: Home, arrival: _Arrival) -> None:
    """Nobody may have made another account while the password was typed."""
    in_force = account_in(home.state_db)
    if in_force is not None and not arrival.again:
        raise AccountExists(email=in_force.email)


def _put_in_force(home: Home, arrival: _Arrival, opened: OpenPerson, password: bytes) -> OpenPerson:
    """What the files hold besides stays as it is: ledger, bindings, the device and its log belong to the account and not to a user."""
    account, keys = arrival.account, opened
    with contextlib.closing(StateDb(Home(home.arriving).state_db)) as store:
        if account.protection != GUARDED:
            account, keys = at_guarded(account, opened, password, SystemClock().now_ms())
            store.rewrite(arrival.account, account)
        for item in store.items():
            store.forget_item(item)
        store.choose([(_TAKEN, f"{arrival.taken.state} {arrival.taken.log}")])
    put_arrived_aside(home, account.account_id)
    bring_back(home, account.account_id)
    return keys


DEED = Deed("adopt", _Asked, _perform)
