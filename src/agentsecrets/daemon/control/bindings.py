"""Verbs about where keys may be used."""

from __future__ import annotations

from typing import Any

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.verify import verify_by_person
from agentsecrets.daemon.control.folders import names_of
from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.daemon.wanted import wanted_binding
from agentsecrets.model.binding import Binding
from agentsecrets.model.secret import parse_key_name
from agentsecrets.model.statement import BindingStatement
from agentsecrets.proxy.catalogue import catalogue
from agentsecrets.wire.messages import BindingWanted, Nothing, Signed


async def _list(context: Context, _: Nothing) -> dict[str, Any]:
    place = await context.place()
    bound = await context.of(place).bindings.bound(place)
    told = [binding_told(signed.binding) | {"updated_ms": signed.statement.time_ms} for signed in bound]
    return {"bindings": told} | names_of(context, place)


async def _narrow(context: Context, asked: BindingWanted) -> dict[str, Any]:
    """Does what needs nobody; what does is answered in full, so that a person can be shown it."""
    place = await context.place()
    bindings = context.of(place).bindings
    wanted = wanted_binding(asked, await bindings.find(place, parse_key_name(asked.key)))
    narrowed = await bindings.narrow(place, wanted)
    return binding_told(narrowed or wanted) | {"widens": narrowed is None} | names_of(context, place)


async def _accept(context: Context, asked: Signed) -> dict[str, Any]:
    envelope, opened = Envelope.decode(asked.envelope), context.daemon.vault.opened
    statement = verify_by_person(envelope, opened.identity, BindingStatement)
    return binding_told(await opened.of(statement.workspace_id).bindings.accept(envelope))


async def _providers(context: Context, _: Nothing) -> dict[str, Any]:
    known = await context.daemon.worker.run(catalogue)
    told = [
        {
            "provider": provider.id,
            "name": provider.name,
            "prefixes": list(provider.values),
            "keys": provider.keys,
            "hosts": provider.hosts,
            "style": f"{provider.style}:{provider.slot}" if provider.slot else provider.style,
        }
        for provider in known.providers
    ]
    return {"providers": sorted(told, key=lambda line: line["provider"])}


def binding_told(binding: Binding) -> dict[str, Any]:
    """A binding as control answers carry it; ``bound`` is for people, and empty when the key belongs nowhere."""
    return {
        "key": binding.key,
        "bound": binding.shown if binding.hosts else "",
        "hosts": binding.hosts,
        "style": binding.style,
        "slot": binding.slot,
        "methods": binding.methods,
        "paths": binding.paths,
        "by": "person" if binding.origin in ("person", "open") else "device",
        "origin": binding.origin,
    }


ROUTES = (
    Route("/v1/bindings", Signed, _accept),
    Route("/v1/bindings/list", Nothing, _list),
    Route("/v1/providers", Nothing, _providers),
    Route("/v1/bindings/narrow", BindingWanted, _narrow),
)
