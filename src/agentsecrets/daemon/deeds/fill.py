"""Asks a person for the values of some keys, one after the other; Enter skips one, and each is stored at once."""

from __future__ import annotations

from typing import Any

from agentsecrets.crypto.keys import SealedAccount
from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.depositing import account_of, deposit
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import BadValue
from agentsecrets.model.secret import parse_key_name
from agentsecrets.wire.stored import notes_on
from agentsecrets.wire.tables import marked


class _Asked(Asked, frozen=True, kw_only=True):
    keys: tuple[str, ...]


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    account = account_of(asked)
    done: list[str] = []
    skipped: list[str] = []
    for key in map(parse_key_name, asked.keys):
        (done if _filled(asked, person, account, key) else skipped).append(key)
    return {"set": done, "skipped": skipped}


def _filled(asked: _Asked, person: Person, account: SealedAccount, key: str) -> bool:
    while typed := person.secret(f"{key} in {marked(asked.environment)} (Enter skips)"):
        try:
            stored = deposit(asked, account, key, typed.encode("utf-8", "surrogateescape"))
        except BadValue as refused:
            person.show(refused.message)
            continue
        for note in notes_on(stored):  # for the person alone: an agent that asked for the key learns that it is set
            person.show(note)
        return True
    return False


DEED = Deed("fill", _Asked, _perform)
