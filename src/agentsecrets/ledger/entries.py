"""The kinds of ledger entries: who signs each, and what its sealed part says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

Signer = Literal["person", "either"]


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sealed part of entries that give a name."""

    name: str


class Allowed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sealed part of ``allowlist.added``; the fields are those of ``model.allowlist.AllowedHost``."""

    host: str
    port: int = 443
    plain_http: bool = False
    private: tuple[str, ...] = ()
    ca: str = ""


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sealed part of entries that the public part says all about."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of entry.

    Attributes:
        signer: ``person`` when only a person's own signature counts, ``either`` when a certified device's does too.
        sealed: Shape of the sealed part.
        subjects: How many ids it names.
    """

    signer: Signer
    sealed: type[Named | Allowed | Nothing]
    subjects: int


WORKSPACE_CREATED = "workspace.created"
PROJECT_CREATED = "project.created"
PROJECT_RENAMED = "project.renamed"
PROJECT_DELETED = "project.deleted"
ALLOWLIST_ADDED = "allowlist.added"
ALLOWLIST_REMOVED = "allowlist.removed"

KINDS: dict[str, Kind] = {
    WORKSPACE_CREATED: Kind("person", Named, 0),
    PROJECT_CREATED: Kind("either", Named, 1),
    PROJECT_RENAMED: Kind("either", Named, 1),
    PROJECT_DELETED: Kind("either", Nothing, 1),
    ALLOWLIST_ADDED: Kind("person", Allowed, 1),
    ALLOWLIST_REMOVED: Kind("person", Nothing, 1),
}
