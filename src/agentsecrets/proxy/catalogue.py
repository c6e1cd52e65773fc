"""Providers that are known: by the public prefix of their credentials, and by where these belong.

Only who holds a value anyway asks about it here; what is learnt is the provider's name, which a binding shows.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from agentsecrets.errors import ProviderNotFound
from agentsecrets.model.binding import Binding
from agentsecrets.model.call import StyleName
from agentsecrets.model.secret import KeyName
from agentsecrets.model.suffixes import anybody_may_own
from agentsecrets.proxy.ingress import injection
from agentsecrets.proxy.styles import STYLES


@dataclass(frozen=True, slots=True)
class Provider:
    """One entry of ``catalogue.toml``.

    Attributes:
        id: As ``--for`` takes it.
        name: As people know it.
        keys: Usual names of the environment variable.
        values: Public prefix of a credential, and a regular expression for all that follows it.
        hosts: Where it belongs.
        style: How it is sent.
        slot: The place of that style.
        publishes: Whether a host shows to others what it is sent.
        source: Where the prefixes are documented.
        docs: Where the provider says how its credential is sent.
    """

    id: str
    name: str
    keys: tuple[str, ...]
    values: Mapping[str, str]
    hosts: tuple[str, ...]
    style: StyleName
    slot: str
    publishes: bool
    source: str
    docs: str

    @property
    def pins(self) -> bool:
        """Whether a key that holds its credential is bound without a person: only to a place that an API does not publish."""
        return STYLES[self.style].pins

    def binding(self, key: KeyName) -> Binding:
        """Where a key with its credential belongs."""
        return Binding(key, self.hosts, self.style, self.slot, origin="pinned")

    def issued(self, value: str) -> bool:
        """Whether a value has the shape of its credential, all of it."""
        return any(value.startswith(prefix) and re.fullmatch(rest, value[len(prefix) :], re.ASCII) for prefix, rest in self.values.items())

    def called(self, key: str) -> bool:
        """Whether a key has one of its usual names, or one with something before or after it."""
        return any(f"_{usual}_" in f"_{key.upper()}_" for usual in self.keys)


class Catalogue:
    """All providers, and the hosts that nobody's key is pinned to."""

    def __init__(self, providers: tuple[Provider, ...], open_domains: frozenset[str]) -> None:
        self.providers = providers
        self._private = frozenset(host for provider in providers if not provider.publishes for host in provider.hosts)
        self._published = open_domains | {host for provider in providers if provider.publishes for host in provider.hosts}

    def find(self, name: str) -> Provider:
        """The provider of a name.

        Raises:
            ProviderNotFound
        """
        for provider in self.providers:
            if name.lower() in (provider.id, provider.name.lower()):
                return provider
        raise ProviderNotFound(provider=name).guess(name, (provider.id for provider in self.providers))

    def issuer(self, key: str, value: bytes) -> Provider | None:
        """Whose credential a value is, by its shape; when several could have issued it, the key's name decides or nobody."""
        try:
            text = value.decode("ascii")
        except UnicodeDecodeError:
            return None
        found = [provider for provider in self.providers if provider.issued(text)]
        return found[0] if len(found) == 1 else _only([provider for provider in found if provider.called(key)])

    def named(self, key: str) -> Provider | None:
        """Whose credential a key holds by its name: a proposal, and no more."""
        return _only([provider for provider in self.providers if provider.called(key)])

    def shows_to_others(self, host: str) -> bool:
        """Whether a host publishes what it is sent, or could be put up by anybody.

        Args:
            host: Lower-case A-labels, or an IP literal.
        """
        labels = host.split(".")
        if any(".".join(labels[at:]) in self._published for at in range(len(labels))):
            return True
        return host not in self._private and anybody_may_own(host)


@cache
def catalogue() -> Catalogue:
    """The catalogue that comes with the program; read once."""
    read = tomllib.loads(Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8"))
    open_domains = read.pop("published")
    providers = tuple(_provider(name, told) for name, told in read.items())
    return Catalogue(providers, frozenset(domain for kind in open_domains.values() for domain in kind))


def prepare() -> None:
    """Reads what takes long, so that nothing waits for it later."""
    catalogue().shows_to_others("example.com")


def _provider(name: str, told: dict[str, Any]) -> Provider:
    style, _, slot = told["style"].partition(":")
    return Provider(
        id=name,
        name=told["name"],
        keys=tuple(told["keys"]),
        values=told["values"],
        hosts=tuple(told["hosts"]),
        style=injection(style, slot, told["keys"][0]).style,
        slot=slot,
        publishes=told.get("publishes", False),
        source=told["source"],
        docs=told["docs"],
    )


def _only(found: list[Provider]) -> Provider | None:
    return found[0] if len(found) == 1 else None
