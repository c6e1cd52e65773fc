"""Who may write what into a ledger: one pure function over public parts, for both ends."""

from __future__ import annotations

from dataclasses import dataclass, replace

from agentsecrets.ledger.entries import (
    ALLOWLIST_ADDED,
    ALLOWLIST_REMOVED,
    KINDS,
    PROJECT_CREATED,
    PROJECT_DELETED,
    PROJECT_RENAMED,
    WORKSPACE_CREATED,
)
from agentsecrets.model.place import is_id
from agentsecrets.model.statement import Entry

NO_HASH = "0" * 64


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an entry does not follow."""

    reason: str


@dataclass(frozen=True, slots=True)
class PublicState:
    """What the public parts of a chain say.

    Attributes:
        seq: Number of entries so far, and so the ``seq`` of the next one.
        head: Digest of the last entry.
        time_ms: Time of the last entry.
        roles: Role by account id.
        projects: Ids of projects that exist.
        allowed: Ids of allowlist entries in force.
    """

    workspace_id: str = ""
    seq: int = 0
    head: str = NO_HASH
    time_ms: int = 0
    roles: tuple[tuple[str, str], ...] = ()
    projects: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()

    def role(self, account_id: str) -> str:
        """The role of an account, empty for a stranger."""
        return dict(self.roles).get(account_id, "")


def apply(state: PublicState, entry: Entry, digest: str, *, by_person: bool) -> PublicState | Refused:
    """Says what a chain means once one entry is added, or why it may not be.

    Args:
        state: What the chain says so far.
        entry: The public part; its signature was checked already.
        digest: Digest of its envelope.
        by_person: Whether the person's own key signed, not a device's.
    """
    refused = _out_of_place(state, entry) or _not_allowed(state, entry, by_person=by_person)
    if refused is not None:
        return refused
    changed = _changed(state, entry)
    if isinstance(changed, Refused):
        return changed
    return replace(changed, workspace_id=entry.workspace_id, seq=entry.seq + 1, head=digest, time_ms=entry.time_ms)


def _out_of_place(state: PublicState, entry: Entry) -> Refused | None:
    if entry.seq != state.seq or entry.prev != state.head:
        return Refused("it does not follow the last entry")
    if entry.time_ms < state.time_ms:
        return Refused("its time lies before that of the last entry")
    if not is_id(entry.workspace_id) or (state.seq and entry.workspace_id != state.workspace_id):
        return Refused("it belongs to another workspace")
    if (entry.entry == WORKSPACE_CREATED) != (state.seq == 0):
        return Refused("a chain begins with workspace.created, once")
    return None


def _not_allowed(state: PublicState, entry: Entry, *, by_person: bool) -> Refused | None:
    kind = KINDS.get(entry.entry)
    if kind is None:
        return Refused("its kind is unknown")
    if kind.signer == "person" and not by_person:
        return Refused("it needs the person's own signature")
    if len(entry.subjects) != kind.subjects or not all(is_id(subject) for subject in entry.subjects):
        return Refused("it does not name what it speaks of")
    if entry.epoch != 1:
        return Refused("its epoch is unknown")
    if state.seq and state.role(entry.author) not in ("owner", "admin"):
        return Refused("its author may not write it")
    if set(entry.grants) != ({entry.author} if entry.entry == WORKSPACE_CREATED else set()):
        return Refused("it grants what it may not grant")
    return None


def _changed(state: PublicState, entry: Entry) -> PublicState | Refused:
    if entry.entry == WORKSPACE_CREATED:
        return replace(state, roles=((entry.author, "owner"),))
    subject = entry.subjects[0]
    if entry.entry == PROJECT_CREATED:
        return _taken(subject, state.projects) or replace(state, projects=state.projects | {subject})
    if entry.entry in (PROJECT_RENAMED, PROJECT_DELETED):
        kept = state.projects if entry.entry == PROJECT_RENAMED else state.projects - {subject}
        return _absent(subject, state.projects) or replace(state, projects=kept)
    if entry.entry == ALLOWLIST_ADDED:
        return _taken(subject, state.allowed) or replace(state, allowed=state.allowed | {subject})
    if entry.entry == ALLOWLIST_REMOVED:
        return _absent(subject, state.allowed) or replace(state, allowed=state.allowed - {subject})
    return Refused("its kind is unknown")


def _taken(subject: str, ids: frozenset[str]) -> Refused | None:
    return Refused("its subject exists already") if subject in ids else None


def _absent(subject: str, ids: frozenset[str]) -> Refused | None:
    return None if subject in ids else Refused("its subject does not exist")
