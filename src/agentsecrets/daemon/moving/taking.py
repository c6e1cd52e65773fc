"""The taker's part: what arrives lies apart until it was looked at; then it is an account like one that was logged out."""

from __future__ import annotations

import os
from pathlib import Path

from agentsecrets.crypto.keys import SealedAccount
from agentsecrets.daemon.moving.stream import ABSENT, Offer, Stream, Taken
from agentsecrets.errors import AccountExists, BadEmail, StateDamaged, StateUnwritable
from agentsecrets.model.place import is_id
from agentsecrets.storage.audit_db import check_log
from agentsecrets.storage.files import sync_folder
from agentsecrets.storage.paths import Home
from agentsecrets.storage.set_aside import begin_arrival, kept_state, put_arrived_aside
from agentsecrets.storage.state_db import account_in, check_state
from agentsecrets.vault.accounts import parse_email

_MOST_BYTES = 1 << 36
_SPARE = 2
"""How often what arrives must fit into what is free: looking at it and changing it need room too."""


def receive(stream: Stream, home: Home) -> Taken:
    """Writes what arrives into a folder of its own, instead of what an earlier move has left there; nothing believes in it yet.

    Raises:
        StateUnwritable: When there is no room for it, or the disk refuses.
        StateDamaged: When it is no vault, or holds more than one.
        FormatUnknown: When another version of AgentSecrets made it.
        MoveBrokenOff
    """
    offer = stream.hear(Offer)
    _check_sizes(offer, home)
    begin_arrival(home)
    arriving = Home(home.arriving)
    state = stream.receive_file(arriving.state_db, offer.state)
    log = "" if offer.log == ABSENT else stream.receive_file(arriving.audit_db, offer.log)
    sync_folder(home.arriving)
    check_state(arriving.state_db)
    if log:
        check_log(arriving.audit_db)
    return Taken(state=state, log=log)


def arrived_account(home: Home) -> SealedAccount:
    """The account that has arrived, still sealed. Its id may become the name of a folder, and its e-mail address may be shown.

    Raises:
        StateDamaged: When there is none, or it was never one of ours.
        AccountExists: When another one is set aside under its id.
    """
    account = account_in(Home(home.arriving).state_db)
    try:
        if account is not None and is_id(account.account_id):
            parse_email(account.email)
            _check_aside(home, account)
            return account
    except BadEmail:
        pass
    raise StateDamaged


def _check_aside(home: Home, arrived: SealedAccount) -> None:
    """Whoever makes an account chooses its id: the copy under it, for which the new one comes, may be of another person."""
    aside = account_in(kept_state(home, arrived.account_id))
    if aside is not None and aside.identity != arrived.identity:
        raise AccountExists(email=aside.email)


def take(stream: Stream, root: Path) -> None:
    """Takes a vault into a state folder of this very user, where it is set aside: `agentsecrets login` and its password bring it back.

    Args:
        stream: To the giver.
        root: The state folder; made when it is not there.

    Raises:
        UnsafeState, StateUnwritable, StateDamaged, FormatUnknown, AccountExists, MoveBrokenOff
    """
    home = Home(root)
    home.create()
    taken = receive(stream, home)
    put_arrived_aside(home, arrived_account(home).account_id)
    stream.say(taken)


def _check_sizes(offer: Offer, home: Home) -> None:
    whole = max(offer.log, 0) + offer.state
    if offer.state <= 0 or offer.log < ABSENT:
        raise StateDamaged
    disk = os.statvfs(home.root)
    if whole > _MOST_BYTES or whole * _SPARE > disk.f_bavail * disk.f_frsize:
        raise StateUnwritable(problem=f"there is no room for a vault of {whole} bytes")
