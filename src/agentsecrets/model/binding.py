"""Where one key may be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agentsecrets.model.call import Injection, StyleName
from agentsecrets.model.secret import KeyName
from agentsecrets.model.target import Target


@dataclass(frozen=True, slots=True)
class Binding:
    """Where one key of a project belongs.

    Attributes:
        key: The name of the secret.
        hosts: ``host`` or ``host:port`` as in the allowlist. Never empty.
        style: The one auth style.
        slot: The one place of that style, empty for bearer and basic.
        methods: Methods allowed, empty for all.
        paths: Path prefixes allowed, empty for all.
        origin: ``pinned`` at first use (device-signed) or ``person`` (signed with presence).
    """

    key: KeyName
    hosts: tuple[str, ...]
    style: StyleName
    slot: str = ""
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    origin: Literal["pinned", "person"] = "person"

    def permits(self, target: Target, method: str, injection: Injection) -> bool:
        """Whether the key may go to this target, by this method, in this place."""
        return (
            target.host_and_port in self.hosts
            and injection.style == self.style
            and _same_slot(self.style, injection.slot, self.slot)
            and (not self.methods or method in self.methods)
            and (not self.paths or any(_path_within(target.path, prefix) for prefix in self.paths))
        )

    @property
    def shown(self) -> str:
        """The binding in a few words, for tables and refusals."""
        place = f"{self.style}:{self.slot}" if self.slot else self.style
        methods = f" {'/'.join(self.methods)}" if self.methods else ""
        paths = f" {' '.join(self.paths)}" if self.paths else ""
        return f"{', '.join(self.hosts)} as {place}{methods}{paths}"


def pin(target: Target, injection: Injection) -> Binding:
    """The binding that the first allowed call of an unbound key fixes."""
    return Binding(injection.key, (target.host_and_port,), injection.style, injection.slot, origin="pinned")


def _same_slot(style: StyleName, one: str, other: str) -> bool:
    return one.lower() == other.lower() if style == "header" else one == other


def _path_within(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix if prefix.endswith("/") else prefix + "/")
