"""The hosts that a workspace may reach."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from agentsecrets.model.suffixes import is_public_suffix
from agentsecrets.model.target import Target

WILDCARD = "*."
"""How an entry begins that stands for every host with one label more."""


class AllowedHost(msgspec.Struct, frozen=True, cache_hash=True):
    """One signed entry of the allowlist.

    Attributes:
        host: A-labels, a canonical IP literal, or ``*.`` and A-labels.
        port: The one port that is allowed.
        plain_http: Whether plain http may be used (loopback hosts only).
        private: CIDR ranges outside the public internet that this host may resolve to, e.g. ``("10.0.0.0/8",)``.
        ca: Extra certification authorities in PEM, empty for the system's alone.
    """

    host: str
    port: int = 443
    plain_http: bool = False
    private: tuple[str, ...] = ()
    ca: str = ""

    @property
    def shown(self) -> str:
        """The entry as a person writes it."""
        return Target("https", self.host, self.port, "/").host_and_port

    def covers(self, target: Target) -> bool:
        """Whether a wildcard entry stands for a target: exactly one label more, a name, and nobody else's to register."""
        label, dot, base = target.host.partition(".")
        return (
            self.host == f"{WILDCARD}{base}"
            and self.port == target.port
            and bool(label and dot)
            and not target.literal
            and is_wildcard_base(base)
            and not is_public_suffix(target.host)
        )


@dataclass(frozen=True, slots=True)
class Allowlist:
    """All entries in force, and the digest of the ledger head that they were read at."""

    hosts: tuple[AllowedHost, ...]
    digest: str = ""
    _exact: dict[tuple[str, int], AllowedHost] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        exact = {(entry.host, entry.port): entry for entry in reversed(self.hosts)}  # of two entries for one host the first counts
        object.__setattr__(self, "_exact", exact)

    def find(self, target: Target) -> AllowedHost | None:
        """The entry whose host and port are exactly the target's, else a wildcard that stands for it."""
        return self._exact.get((target.host, target.port)) or next((entry for entry in self.hosts if entry.covers(target)), None)


def is_wildcard_base(base: str) -> bool:
    """Whether ``*.base`` belongs to one registrant: neither the base nor the names below it are public suffixes."""
    return "." in base and not is_public_suffix(base) and not is_public_suffix(f"a.{base}")
