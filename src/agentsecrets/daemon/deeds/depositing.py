"""Handing a value to the daemon, sealed to a key that only this account's daemon can have signed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from agentsecrets.crypto.deposits import seal_deposit
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.framing import frame
from agentsecrets.crypto.keys import SealedAccount
from agentsecrets.crypto.verify import verify_by_device
from agentsecrets.daemon.deeds.deed import Asked
from agentsecrets.errors import AgentSecretsError, ForeignDaemon, NoAccount, NoDaemon
from agentsecrets.model.secret import check_value, parse_key_name
from agentsecrets.model.statement import DepositOffer
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import account_in
from agentsecrets.wire.messages import Deposit, Import, Signed, meant, meant_for_import

_OWN_WORD = frozenset({"locked", "shutting_down"})


def account_of(asked: Asked) -> SealedAccount:
    """The account of the home folder, still sealed.

    Raises:
        NoAccount
    """
    account = account_in(Home(Path(asked.home)).state_db)
    if account is None:
        raise NoAccount
    return account


def deposit(asked: Asked, account: SealedAccount, key: str, raw: bytes, *, note: str = "", everywhere: bool = False) -> dict[str, Any]:
    """Seals a value and hands it over.

    Args:
        asked: Where the command was run.
        account: Whose daemon it must be.
        key: Name of the secret.
        raw: The value.
        note: A word about this version.
        everywhere: Whether it goes into every environment of the project.

    Returns:
        What the daemon says of it.

    Raises:
        BadKeyName, BadValue
        ForeignDaemon: When whoever answers is not this account's daemon; it got nothing.
    """
    check_value(raw)
    public = _offered(asked, account)
    use = meant(parse_key_name(key), asked.cwd, (asked.workspace, asked.project, asked.environment), everywhere=everywhere)
    return asked.control.ask("/v1/secrets/set", Deposit(key=key, sealed=seal_deposit(public, use, raw), note=note, everywhere=everywhere))


def deposit_all(asked: Asked, account: SealedAccount, entries: Sequence[tuple[str, bytes]], existing: str) -> dict[str, Any]:
    """Seals many values together and hands them over: all of them are stored, or none.

    Args:
        asked: Where the command was run.
        account: Whose daemon it must be.
        entries: Names and values.
        existing: What becomes of names that have a value already: ``refuse``, ``overwrite`` or ``skip``.

    Returns:
        What the daemon says of it.

    Raises:
        SecretsExist
        ForeignDaemon: When whoever answers is not this account's daemon; it got nothing.
    """
    public = _offered(asked, account)
    use = meant_for_import(asked.cwd, (asked.workspace, asked.project, asked.environment), existing)
    sealed = seal_deposit(public, use, frame(*(part for key, value in entries for part in (key.encode(), value))))
    return asked.control.ask("/v1/secrets/import", Import(sealed=sealed, count=len(entries), existing=existing))


def _offered(asked: Asked, account: SealedAccount) -> bytes:
    try:
        offer = msgspec.convert(asked.control.ask("/v1/secrets/offer"), Signed)
        return verify_by_device(Envelope.decode(offer.envelope), account.verified_identity(), DepositOffer).public
    except NoDaemon:
        raise
    except AgentSecretsError as failure:
        raise (failure if failure.slug in _OWN_WORD else ForeignDaemon()) from None
