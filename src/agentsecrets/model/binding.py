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
        hosts: ``host`` or ``host:port`` as in the allowlist; ``*.example.com`` stands for one label. Never empty.
        style: The one auth style.
        slot: The one place of that style, empty for bearer and basic.
        methods: Methods allowed, empty for all.
        paths: Path prefixes allowed, empty for all.
        origin: ``pinned`` at first use (device-signed) or ``person`` (signed with presence).
    """

    key: KeyName
    hosts: tuple[str, ...]
    style: StyleName
    slot: str
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    origin: Literal["pinned", "person"] = "person"

    def permits(self, target: Target, method: str, injection: Injection) -> bool:
        """Whether the key may go to this target, by this method, in this place."""
        return (
            any(_host_matches(host, target) for host in self.hosts)
            and injection.style == self.style
            and _same_slot(self.style, injection.slot, self.slot)
            and (not self.methods or method in self.methods)
            and (not self.paths or any(_path_within(target.path, prefix) for prefix in self.paths))
        )


def pin(target: Target, injection: Injection) -> Binding:
    """The binding that the first allowed call of an unbound key fixes."""
    return Binding(injection.key, (host_text(target),), injection.style, injection.slot, origin="pinned")


def host_text(target: Target) -> str:
    """Host, with the port unless it is 443, as bindings write it."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == 443 else f"{host}:{target.port}"  # noqa: PLR2004  (the https port)


def _host_matches(pattern: str, target: Target) -> bool:
    text = host_text(target)
    if pattern.startswith("*.") and not target.literal:
        label, dot, rest = text.partition(".")
        return bool(label) and dot == "." and rest == pattern[2:]
    return text == pattern


def _same_slot(style: StyleName, one: str, other: str) -> bool:
    return one.lower() == other.lower() if style == "header" else one == other


def _path_within(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix if prefix.endswith("/") else prefix + "/")
