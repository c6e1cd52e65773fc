"""What a ledger means to those who can open its sealed parts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import msgspec

from agentsecrets.errors import FormatUnknown
from agentsecrets.ledger.entries import (
    ALLOWLIST_ADDED,
    ALLOWLIST_REMOVED,
    KINDS,
    PROJECT_CREATED,
    PROJECT_DELETED,
    PROJECT_RENAMED,
    WORKSPACE_CREATED,
    Allowed,
    Named,
)
from agentsecrets.ledger.rules import PublicState
from agentsecrets.model.allowlist import AllowedHost, Allowlist
from agentsecrets.model.statement import Entry, read_json


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the workspace's history, for people."""

    seq: int
    time_ms: int
    entry: str
    subject: str
    author: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A project that was deleted: its id, its last name, and when."""

    project_id: str
    name: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class LedgerState:
    """A workspace as its members see it.

    Attributes:
        public: What the public parts say; the rules decide on it alone.
        name: Name of the workspace.
        projects: Name by project id.
        allowed: Allowlist entry by entry id.
        gone: Projects that were deleted and not created again, in the order of their deletion.
        history: All entries in order; an entry whose sealed part does not open stands there without effect.
    """

    public: PublicState = field(default_factory=PublicState)
    name: str = ""
    projects: tuple[tuple[str, str], ...] = ()
    allowed: tuple[tuple[str, AllowedHost], ...] = ()
    gone: tuple[Gone, ...] = ()
    history: tuple[Change, ...] = ()

    @property
    def allowlist(self) -> Allowlist:
        """The hosts that may be reached."""
        return Allowlist(tuple(host for _, host in self.allowed), self.public.head)


def interpret(state: LedgerState, public: PublicState, entry: Entry, sealed_plain: bytes | None) -> LedgerState:
    """Adds one entry that the rules have accepted.

    Args:
        state: The state before.
        public: The public state after.
        entry: The public part.
        sealed_plain: The opened sealed part, None when it did not open: the entry then has no effect.
    """
    sealed = _read(entry, sealed_plain)
    after = replace(state, public=public)
    if sealed is not None:
        after = _effect(after, entry, sealed)
    change = Change(entry.seq, entry.time_ms, entry.entry, _shown(state, entry, sealed), entry.author)
    return replace(after, history=(*after.history, change))


def _read(entry: Entry, plain: bytes | None) -> msgspec.Struct | None:
    if plain is None:
        return None
    try:
        return read_json(plain, KINDS[entry.entry].sealed, "ledger entry")
    except FormatUnknown:
        return None


def _effect(state: LedgerState, entry: Entry, sealed: msgspec.Struct) -> LedgerState:
    subject = entry.subjects[0] if entry.subjects else ""
    projects, allowed = dict(state.projects), dict(state.allowed)
    if isinstance(sealed, Named):
        if entry.entry == WORKSPACE_CREATED:
            return replace(state, name=sealed.name)
        if entry.entry in (PROJECT_CREATED, PROJECT_RENAMED):
            projects[subject] = sealed.name
    if isinstance(sealed, Allowed) and entry.entry == ALLOWLIST_ADDED:
        allowed[subject] = AllowedHost(sealed.host, sealed.port, sealed.plain_http, sealed.private, sealed.ca)
    gone = tuple(project for project in state.gone if project.project_id != subject)
    if entry.entry == PROJECT_DELETED:
        gone = (*gone, Gone(subject, projects.pop(subject, ""), entry.time_ms))
    if entry.entry == ALLOWLIST_REMOVED:
        allowed.pop(subject, None)
    return replace(state, projects=tuple(projects.items()), allowed=tuple(allowed.items()), gone=gone)


def _shown(before: LedgerState, entry: Entry, sealed: msgspec.Struct | None) -> str:
    if isinstance(sealed, Named):
        return sealed.name
    if isinstance(sealed, Allowed):
        return AllowedHost(sealed.host, sealed.port).shown
    subject = entry.subjects[0] if entry.subjects else ""
    host = dict(before.allowed).get(subject)
    return host.shown if host is not None else dict(before.projects).get(subject, "(does not open)")
