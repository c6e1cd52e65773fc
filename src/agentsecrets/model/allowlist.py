"""The hosts that a workspace may reach."""

from __future__ import annotations

from dataclasses import dataclass

from agentsecrets.model.target import Target


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """One signed entry of the allowlist.

    Attributes:
        host: A-labels or a canonical IP literal, or ``*.`` and A-labels: a wildcard for exactly one label.
        port: The one port that is allowed.
        plain_http: Whether plain http may be used (loopback hosts only).
        private: CIDR ranges outside the public internet that this host may resolve to, e.g. ``("10.0.0.0/8",)``.
        ca: Extra certification authorities in PEM, empty for the system's.
    """

    host: str
    port: int = 443
    plain_http: bool = False
    private: tuple[str, ...] = ()
    ca: str = ""

    def matches(self, target: Target) -> bool:
        """Whether a target's host and port are meant by this entry, whatever its scheme."""
        if target.port != self.port:
            return False
        if self.host.startswith("*.") and not target.literal:
            label, dot, rest = target.host.partition(".")
            return bool(label) and dot == "." and rest == self.host[2:]
        return target.host == self.host

    @property
    def shown(self) -> str:
        """The entry as a person writes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 443 else f"{host}:{self.port}"  # noqa: PLR2004  (the https port)


@dataclass(frozen=True, slots=True)
class Allowlist:
    """All entries in force, and the hash of the ledger head that they were read at."""

    hosts: tuple[AllowedHost, ...]
    digest: str = ""

    def find(self, target: Target) -> AllowedHost | None:
        """The entry that allows a target, an exact one before a wildcard."""
        found = [entry for entry in self.hosts if entry.matches(target)]
        return min(found, key=lambda entry: entry.host.startswith("*."), default=None)
