"""What is known of a value by looking at it while it is being stored: whose it is, and whether it is worth anything."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from agentsecrets.daemon.unlocked import OpenVault, OpenWorkspace
from agentsecrets.daemon.weakness import Weakness, weaknesses
from agentsecrets.model.place import ENVIRONMENTS, Place
from agentsecrets.model.secret import KeyName
from agentsecrets.proxy.catalogue import Provider, catalogue
from agentsecrets.vault.bindings import Bindings
from agentsecrets.vault.secrets import Existing


class Arrival(NamedTuple):
    """A value that was looked at, and is not in here.

    Attributes:
        key: Its name.
        issuer: Whose credential it is by its shape, if anybody's.
        named: Whose it is by the key's name, if anybody's.
        weaknesses: What is wrong with it.
    """

    key: KeyName
    issuer: Provider | None
    named: Provider | None
    weaknesses: tuple[Weakness, ...]

    @property
    def warnings(self) -> list[dict[str, str]]:
        """What is wrong, for an answer."""
        return [{"key": self.key, "kind": kind, "message": f"the value of {self.key} {message}"} for kind, message in self.weaknesses]


def look_at(key: KeyName, raw: bytes) -> Arrival:
    """Looks at a value once; the first time this reads the catalogue, so it belongs into a worker."""
    return Arrival(key, catalogue().issuer(key, raw), catalogue().named(key), weaknesses(key, raw))


def to_be_stored(arrivals: Sequence[Arrival], there: Collection[KeyName], existing: Existing) -> list[Arrival]:
    """Those of an import that will be stored: what is left alone, or all when it will be refused, is not bound by what it says.

    Args:
        arrivals: Its values, looked at.
        there: Names that have a value already.
        existing: What becomes of these.
    """
    if existing == "overwrite":
        return list(arrivals)
    new = [arrival for arrival in arrivals if arrival.key not in there]
    return [] if existing == "refuse" and len(new) < len(arrivals) else new


async def bind_by_value(opened: OpenVault, place: Place, arrivals: Sequence[Arrival]) -> dict[KeyName, dict[str, Any]]:
    """Binds keys that have no binding to the providers whose credentials their values are.

    It only narrows: a key without a binding may go to any allowed host at its first use. So it needs no person, and it is done before
    the value is there to be used. Where a provider's place is one that needs a person, and where only the key's name is known, it
    proposes. So it does for a key that has had a value, when anybody publishes at the provider: that value could be rolled back, and
    nobody knows whose it is.

    Args:
        opened: The vault.
        place: Where the keys live.
        arrivals: Their values, looked at.

    Returns:
        For the answer, by key: where it is bound now, the provider, and whether that was done, is proposed, or is not where it was bound.
    """
    workspace = opened.of(place.workspace_id)
    publishing = any(arrival.issuer is not None and arrival.issuer.publishes for arrival in arrivals)
    had = await _have_had_values(workspace, place) if publishing else frozenset()
    return {arrival.key: await _bound(workspace.bindings, place, arrival, had_value=arrival.key in had) for arrival in arrivals}


async def _bound(bindings: Bindings, place: Place, arrival: Arrival, *, had_value: bool) -> dict[str, Any]:
    issuer = arrival.issuer
    provider = issuer or arrival.named
    bound = before = await bindings.find(place, arrival.key)
    if before is None and issuer is not None and issuer.pins and not (issuer.publishes and had_value):
        bound = await bindings.pin(place, issuer.binding(arrival.key))
    return {
        "bound": "" if bound is None else bound.shown,
        "provider": "" if provider is None else provider.id,
        "pinned": before is None and bound is not None,
        "proposed": provider is not None and bound is None,
        "elsewhere": bound is not None and issuer is not None and not set(issuer.hosts) & set(bound.hosts),
    }


async def _have_had_values(opened: OpenWorkspace, place: Place) -> frozenset[KeyName]:
    """Names that have a value or could be given one back, in any environment: a binding holds in all of them."""
    known: set[KeyName] = set()
    for one in map(place.beside, ENVIRONMENTS):
        known.update(line.key for line in (*await opened.secrets.lines(one), *await opened.secrets.deleted(one)))
    return frozenset(known)
