"""Founding an account with its personal workspace, and further workspaces."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.keys import OpenPerson, SealedAccount, new_account
from agentsecrets.crypto.passwords import encoded, is_strong
from agentsecrets.crypto.workspace import WorkspaceKeys
from agentsecrets.errors import BadEmail, WeakPassword
from agentsecrets.ledger.chain import extend, write_entry
from agentsecrets.ledger.entries import WORKSPACE_CREATED, Named
from agentsecrets.ledger.rules import PublicState
from agentsecrets.ledger.state import LedgerState
from agentsecrets.model.place import WorkspaceId, new_id

_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_EMAIL_LIMIT = 254
PERSONAL = "personal"
"""Name of the workspace that every account begins with."""


def parse_email(text: str) -> str:
    """Accepts an e-mail address, up to 254 ASCII characters.

    Raises:
        BadEmail: For anything else.
    """
    if len(text) > _EMAIL_LIMIT or _EMAIL.fullmatch(text) is None:
        raise BadEmail
    return text


def check_password(password: str, email: str) -> None:
    """Refuses a password that could be guessed by somebody who knows the e-mail address.

    Raises:
        WeakPassword
    """
    if not is_strong(password, (email, *email.split("@"), "agentsecrets")):
        raise WeakPassword


@dataclass(frozen=True, slots=True)
class Founded:
    """A workspace that does not exist yet: its id, and the first entry of its ledger."""

    workspace_id: WorkspaceId
    first: Envelope


def found_account(email: str, password: str, now_ms: int) -> tuple[SealedAccount, OpenPerson, Founded]:
    """Makes the keys of an account and the first ledger entry of its personal workspace; nothing is stored yet.

    Raises:
        BadEmail, WeakPassword
    """
    email = parse_email(email)
    check_password(password, email)
    account, person = new_account(email, encoded(password), now_ms)
    return account, person, found_workspace(account, person, PERSONAL, now_ms)


def found_workspace(account: SealedAccount, person: OpenPerson, name: str, now_ms: int) -> Founded:
    """Makes the key of a new workspace and the first entry of its ledger; nothing is stored yet.

    Args:
        account: Its owner.
        person: The owner's keys: the entry is signed with presence.
        name: As ``model.place.parse_name`` accepts it.
        now_ms: The time to write into it.
    """
    keys, workspace_id = WorkspaceKeys.generate(), WorkspaceId(new_id())
    entry = write_entry(
        PublicState(),
        WORKSPACE_CREATED,
        workspace_id=workspace_id,
        author=account.account_id,
        subjects=(),
        sealed=Named(name),
        ledger_key=keys.ledger_key,
        signer=person.signing,
        now_ms=now_ms,
        grants={account.account_id: keys.grant_to(person.unattended.sealing.public)},
    )
    extend(LedgerState(), entry, account.verified_identity(), keys.ledger_key)
    return Founded(workspace_id, entry)
