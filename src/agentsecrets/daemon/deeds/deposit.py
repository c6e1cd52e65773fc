"""Takes a value from a person and hands it to the daemon, sealed to a key that only this account's daemon can have signed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from agentsecrets.crypto.deposits import seal_deposit
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.verify import verify_by_device
from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import AgentSecretsError, ForeignDaemon, NoAccount, NoDaemon
from agentsecrets.model.secret import check_value, parse_key_name
from agentsecrets.model.statement import DepositOffer
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import StateDb
from agentsecrets.wire.messages import Deposit, Signed

_STDIN = 0
_MOST_READ = 1 << 20


class _Asked(Asked, frozen=True, kw_only=True):
    key: str
    value_fd: int = -1


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    home = Home(Path(asked.home))
    account = StateDb(home.state_db).account() if home.state_db.exists() else None
    if account is None:
        raise NoAccount
    key = parse_key_name(asked.key)
    raw = _value(asked, person)
    check_value(raw)
    try:
        offer = msgspec.convert(asked.control.ask("/v1/secrets/offer"), Signed)
        word = verify_by_device(Envelope.decode(offer.envelope), account.verified_identity(), DepositOffer)
    except NoDaemon:
        raise
    except AgentSecretsError as failure:
        raise (failure if failure.slug in ("locked", "shutting_down") else ForeignDaemon()) from None
    sealed = seal_deposit(word.public, (key, asked.cwd, asked.project, asked.environment), raw)
    return asked.control.ask("/v1/secrets/set", Deposit(key=key, sealed=sealed))


def _value(asked: _Asked, person: Person) -> bytes:
    if asked.value_fd >= 0:
        with os.fdopen(asked.value_fd, "rb") as source:
            read = source.read(_MOST_READ)
        return read.removesuffix(b"\n") if asked.value_fd == _STDIN else read  # a pipe from `echo` ends its line
    return person.secret(f"Value of {asked.key}").encode("utf-8", "surrogateescape")


DEED = Deed("deposit", _Asked, _perform)
