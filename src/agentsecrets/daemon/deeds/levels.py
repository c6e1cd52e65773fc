"""Says which level of protection is in force, and which could be had here."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.depositing import account_of
from agentsecrets.daemon.deeds.protecting import told, usable
from agentsecrets.daemon.keychain.bounded import BoundedKeychain
from agentsecrets.daemon.terminal import Person


def _perform(asked: Asked, _: Person) -> dict[str, Any]:
    account, found = account_of(asked), usable(BoundedKeychain())
    refusal = {"error": found.refusal.slug, "message": found.refusal.message} if found.refusal else {}
    return {**told(account.protection), "keychain": {"usable": found.refusal is None, "name": found.name, **refusal}}


DEED = Deed("protection.show", Asked, _perform)
