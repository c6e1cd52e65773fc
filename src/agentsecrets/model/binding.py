"""Where one key may be used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from agentsecrets.errors import BadTarget, BadUsage
from agentsecrets.model.allowlist import WILDCARD, AllowedHost
from agentsecrets.model.call import METHODS, Injection, StyleName
from agentsecrets.model.secret import KeyName
from agentsecrets.model.target import Target, parse_target

Origin = Literal["pinned", "narrowed", "person", "open"]

MOST_HOSTS = MOST_PATHS = 32
LONGEST_PATH = 1024

_UNSURE = re.compile(r"%(?![0-9A-Fa-f]{2})|%(?:25)*(?:[cC][01]|[eE]0%(?:25)*[89]|[fF]0%(?:25)*8|[uU])")
"""What some servers read as another character: broken percent-encoding, and UTF-8 that is longer than it may be (RFC 3629 §10)."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Where one key of a project belongs.

    Attributes:
        key: The name of the secret.
        hosts: ``host``, ``host:port``, or ``*.`` and one of these, as in the allowlist. Empty only for ``open``.
        style: The one auth style.
        slot: The one place of that style, empty for bearer and basic.
        methods: Methods allowed, empty for all.
        paths: Path prefixes allowed, empty for all.
        origin: ``pinned`` or ``narrowed`` (signed by the device), ``person`` (signed with presence), or ``open``: a person's word that
            the key belongs nowhere yet and may be pinned.
    """

    key: KeyName
    hosts: tuple[str, ...]
    style: StyleName
    slot: str = ""
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    origin: Origin = "person"

    def permits(self, target: Target, method: str, injection: Injection) -> bool:
        """Whether the key may go to this target, by this method, in this place."""
        return (
            (target.host_and_port in self.hosts or self._covers(target))
            and injection.style == self.style
            and _same_slot(self.style, injection.slot, self.slot)
            and (not self.methods or method in self.methods)
            and (not self.paths or (_UNSURE.search(target.path) is None and _within_any(target.path, self.paths)))
        )

    def within(self, other: Binding) -> bool:
        """Whether this one permits nothing that the other does not, for the same key."""
        return (
            self.key == other.key
            and bool(self.hosts)
            and all(host in other.hosts or other._covers_listed(host) for host in self.hosts)
            and self.style == other.style
            and _same_slot(self.style, self.slot, other.slot)
            and (not other.methods or (bool(self.methods) and set(self.methods) <= set(other.methods)))
            and (not other.paths or (bool(self.paths) and all(_within_any(path, other.paths) for path in self.paths)))
        )

    @property
    def place(self) -> str:
        """Style and slot in one word, as ``X-AS-Inject`` has it."""
        return f"{self.style}:{self.slot}" if self.slot else self.style

    @property
    def shown(self) -> str:
        """The binding in a few words, for tables and refusals."""
        methods = f" {'/'.join(self.methods)}" if self.methods else ""
        paths = f" {' '.join(self.paths)}" if self.paths else ""
        return f"{', '.join(self.hosts)} as {self.place}{methods}{paths}"

    def _covers(self, target: Target) -> bool:
        return any(_wildcard(host).covers(target) for host in self.hosts if host.startswith(WILDCARD))

    def _covers_listed(self, host: str) -> bool:
        return not host.startswith(WILDCARD) and self._covers(parse_target(f"https://{host}/"))


def pin(target: Target, injection: Injection) -> Binding:
    """The binding that the first allowed call of an unbound key fixes."""
    return Binding(injection.key, (target.host_and_port,), injection.style, injection.slot, origin="pinned")


def parse_methods(words: Sequence[str]) -> tuple[str, ...]:
    """Accepts methods as a person typed them, in any case.

    Raises:
        BadUsage: For one that no call may have.
    """
    upper = {word.upper() for word in words}
    if not upper <= set(METHODS):
        raise BadUsage(problem=f"a method is one of {', '.join(METHODS)}")
    return tuple(method for method in METHODS if method in upper)


def parse_paths(words: Sequence[str]) -> tuple[str, ...]:
    """Accepts path prefixes as a person typed them; they are compared as they stand, byte by byte, up to a ``/``.

    Args:
        words: At most 32, each at most 1,024 characters: ``/`` and what may stand in a path, percent-encoded as the calls will have it.

    Raises:
        BadUsage
    """
    if len(words) > MOST_PATHS or any(len(word) > LONGEST_PATH for word in words):
        raise BadUsage(problem=f"there are at most {MOST_PATHS} paths of at most {LONGEST_PATH} characters")
    if not all(_is_path(word) for word in words):
        raise BadUsage(problem="a path begins with /, and has no query, no dot segment and no character that must be percent-encoded")
    return tuple(dict.fromkeys(words))


def _is_path(word: str) -> bool:
    try:
        target = parse_target(f"https://host.example{word}")
    except BadTarget:
        return False
    return word.startswith("/") and target.path == word and target.query is None and _UNSURE.search(word) is None


def _same_slot(style: StyleName, one: str, other: str) -> bool:
    return one.lower() == other.lower() if style == "header" else one == other


def _within_any(path: str, prefixes: tuple[str, ...]) -> bool:
    return any(path == prefix or path.startswith(prefix if prefix.endswith("/") else prefix + "/") for prefix in prefixes)


@lru_cache(maxsize=256)
def _wildcard(text: str) -> AllowedHost:
    host, _, port = text.partition(":")
    return AllowedHost(host, int(port or 443))
