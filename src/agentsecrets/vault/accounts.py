"""Founding an account with its personal workspace."""

from __future__ import annotations

import re

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.keys import OpenPerson, SealedAccount, new_account
from agentsecrets.crypto.passwords import is_strong
from agentsecrets.crypto.workspace import WorkspaceKeys
from agentsecrets.errors import BadEmail, WeakPassword
from agentsecrets.ledger.chain import extend, write_entry
from agentsecrets.ledger.entries import WORKSPACE_CREATED, Named
from agentsecrets.ledger.rules import PublicState
from agentsecrets.ledger.state import LedgerState
from agentsecrets.model.place import new_id

_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_EMAIL_LIMIT = 254


def parse_email(text: str) -> str:
    """Accepts an e-mail address, up to 254 ASCII characters.

    Raises:
        BadEmail: For anything else.
    """
    if len(text) > _EMAIL_LIMIT or _EMAIL.fullmatch(text) is None:
        raise BadEmail
    return text


def found_account(email: str, password: str, now_ms: int) -> tuple[SealedAccount, OpenPerson, Envelope]:
    """Makes the keys of an account and the first ledger entry of its workspace; nothing is stored yet.

    Raises:
        BadEmail, WeakPassword
    """
    email = parse_email(email)
    if not is_strong(password, (email, *email.split("@"), "agentsecrets")):
        raise WeakPassword
    account, person = new_account(email, password.encode("utf-8", "surrogateescape"), now_ms)
    keys = WorkspaceKeys.generate()
    entry = write_entry(
        PublicState(),
        WORKSPACE_CREATED,
        workspace_id=new_id(),
        author=account.account_id,
        subjects=(),
        sealed=Named("personal"),
        ledger_key=keys.ledger_key,
        signer=person.signing,
        now_ms=now_ms,
        grants={account.account_id: keys.grant_to(person.unattended.sealing.public)},
    )
    extend(LedgerState(), entry, account.verified_identity(), keys.ledger_key)
    return account, person, entry
