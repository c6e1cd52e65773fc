"""What is known of a value by looking at it while it is being stored: whose it is, and whether it is worth anything."""

from __future__ import annotations

from typing import Any, NamedTuple

from agentsecrets.daemon.unlocked import OpenVault
from agentsecrets.daemon.weakness import Weakness, weaknesses
from agentsecrets.model.place import Place
from agentsecrets.model.secret import KeyName
from agentsecrets.proxy.catalogue import Provider, catalogue


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


async def bind_by_value(opened: OpenVault, place: Place, arrival: Arrival) -> dict[str, Any]:
    """Binds a key that has no binding to the provider whose credential its value is.

    It only narrows: a key without a binding may go to any allowed host at its first use. So it needs no person, and it is done before the
    value is there to be used. Where a provider's place is one that needs a person, and where only the key's name is known, it proposes.

    Args:
        opened: The vault.
        place: Where the key lives.
        arrival: Its value, looked at.

    Returns:
        For the answer: where the key is bound now, the provider, and whether that was done, is proposed, or is not where it was bound.
    """
    bindings, issuer = opened.of(place.workspace_id).bindings, arrival.issuer
    provider = issuer or arrival.named
    bound = before = await bindings.find(place, arrival.key)
    if before is None and issuer is not None and issuer.pins:
        bound = await bindings.pin(place, issuer.binding(arrival.key))
    return {
        "bound": "" if bound is None else bound.shown,
        "provider": "" if provider is None else provider.id,
        "pinned": before is None and bound is not None,
        "proposed": provider is not None and bound is None,
        "elsewhere": bound is not None and issuer is not None and not set(issuer.hosts) & set(bound.hosts),
    }
