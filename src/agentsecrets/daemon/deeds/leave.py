"""Logs the account of this machine out: its sealed files are set aside, or erased when its person has typed whose."""

from __future__ import annotations

from typing import Any

from agentsecrets.client.lifecycle import taken_over
from agentsecrets.crypto.passwords import encoded
from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.depositing import account_of
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.keychain.bounded import BoundedKeychain
from agentsecrets.daemon.protecting import move, tidy
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import BadUsage
from agentsecrets.model.protection import GUARDED, KEYCHAIN
from agentsecrets.storage.audit_db import AuditDb
from agentsecrets.storage.set_aside import erase, set_aside

_LEAVES = (
    "AgentSecrets: log {email} out of this machine\r\n"
    "  Its secrets and its log stay here, sealed; `agentsecrets login` and the password bring them back.\r\n"
    "  {recovery}"
)
_ERASES = (
    "AgentSecrets: ERASE {email} with all its secrets and its log\r\n"
    "  There is no other copy, and no way back. What a provider still accepts has to be revoked there."
)
_WITH_KEY = "So does the recovery key, when the password is forgotten."
_WITHOUT_KEY = "There is no recovery key: who forgets the password cannot open them again."


class _Asked(Asked, frozen=True, kw_only=True):
    """A request to leave.

    Attributes:
        erase: The e-mail address of the account when it is to be erased, as its person typed it; empty when not.
    """

    erase: str = ""


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    account = account_of(asked)
    if asked.erase and asked.erase != account.email:
        raise BadUsage(problem="--erase takes the e-mail address of the account that is in force, as `agentsecrets status` shows it")
    shown = (_ERASES if asked.erase else _LEAVES).format(email=account.email, recovery=_WITH_KEY if account.recovery else _WITHOUT_KEY)
    opened = Opened(asked, person, shown)
    with taken_over(opened.home.root):
        told = {"email": account.email, "erased": bool(asked.erase), "before": account.protection, "items_left": _off_the_keychain(opened)}
        AuditDb(opened.home.audit_db).close()  # whoever opens a database last and closes it leaves no write-ahead log
        opened.store.close()
        if asked.erase:
            erase(opened.home)
            return {**told, "kept": ""}
        return {**told, "kept": str(set_aside(opened.home, account.account_id))}


def _off_the_keychain(opened: Opened) -> int:
    """Leaves nothing outside of the state folder: the password alone opens it. Answers how many items the keychain did not let go."""
    keychain = BoundedKeychain()
    if opened.account.protection != KEYCHAIN:
        return tidy(opened.store, keychain)
    before = (opened.account, opened.keys)
    return move(opened.store, keychain, before, encoded(opened.typed), GUARDED, SystemClock().now_ms())[1]


DEED = Deed("leave", _Asked, _perform)
