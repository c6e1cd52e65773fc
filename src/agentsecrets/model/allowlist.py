"""The hosts that a workspace may reach."""

from __future__ import annotations

from dataclasses import dataclass

from agentsecrets.model.target import Target


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """One signed entry of the allowlist.

    Attributes:
        host: A-labels or a canonical IP literal.
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


@dataclass(frozen=True, slots=True)
class Allowlist:
    """All entries in force, and the digest of the ledger head that they were read at."""

    hosts: tuple[AllowedHost, ...]
    digest: str = ""

    def find(self, target: Target) -> AllowedHost | None:
        """The entry whose host and port are exactly the target's."""
        return next((entry for entry in self.hosts if (entry.host, entry.port) == (target.host, target.port)), None)
