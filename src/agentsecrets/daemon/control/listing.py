"""Lists of secrets: as people and scripts read them (laid out once, and kept until something in it changes), and for programs."""

from __future__ import annotations

from typing import Any

import msgspec

from agentsecrets.daemon.control.folders import names_of
from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.daemon.listing import Listing
from agentsecrets.model.binding import Binding
from agentsecrets.model.place import ENVIRONMENTS, Environment, Place
from agentsecrets.vault.shelf import SecretLine
from agentsecrets.wire.messages import Nothing
from agentsecrets.wire.tables import marked, moment, table

_HEAD = ["Key", "Version", "Updated", "Environments", "Bound to"]


async def _shown(context: Context, _: Nothing) -> dict[str, Any]:
    daemon, place = context.daemon, await context.place()
    lines = await _lines(context, place)
    bound = await _bound(context, place, lines)
    kept = daemon.listing
    if kept is None or not kept.holds(place, lines, bound, as_json=context.as_json):
        text = await daemon.worker.run(lambda: laid_out(place, lines, bound, as_json=context.as_json))
        kept = daemon.listing = Listing(place, lines, bound, context.as_json, text)
    return {"text": kept.text}


async def _list(context: Context, _: Nothing) -> dict[str, Any]:
    place = await context.place()
    lines = await _lines(context, place)
    bound = await _bound(context, place, lines)
    return {"secrets": await context.daemon.worker.run(lambda: documents(place, lines, bound))} | names_of(context, place)


async def _coverage(context: Context, _: Nothing) -> dict[str, Any]:
    lines = await _lines(context, await context.place())
    return {"coverage": await context.daemon.worker.run(lambda: coverage(lines))}


async def _lines(context: Context, place: Place) -> dict[Environment, list[SecretLine]]:
    """The secrets of a project, by environment."""
    secrets = context.of(place).secrets
    return {one: await secrets.lines(place.beside(one)) for one in ENVIRONMENTS}


async def _bound(context: Context, place: Place, lines: dict[Environment, list[SecretLine]]) -> list[Binding | None]:
    """The bindings of the secrets of a place, in their order."""
    return await context.of(place).bindings.find_each(place, [line.key for line in lines[place.environment]])


def laid_out(place: Place, lines: dict[Environment, list[SecretLine]], bound: list[Binding | None], *, as_json: bool) -> str:
    """A table, or a JSON document."""
    found = documents(place, lines, bound)
    return msgspec.json.encode(found).decode() + "\n" if as_json else table(_HEAD, [_row(line) for line in found])


def documents(place: Place, lines: dict[Environment, list[SecretLine]], bound: list[Binding | None]) -> list[dict[str, Any]]:
    """What is said of each secret of a place, sorted by name."""
    where = coverage(lines)
    return [
        {
            "key": line.key,
            "version": line.version,
            "updated_ms": line.time_ms,
            "bound": "" if binding is None else binding.shown,
            "note": line.note,
            "environments": where[line.key],
        }
        for line, binding in zip(lines[place.environment], bound, strict=True)
    ]


def coverage(lines: dict[Environment, list[SecretLine]]) -> dict[str, list[str]]:
    """For each name of a project the environments in which it has a value."""
    where: dict[str, list[str]] = {}
    for environment, known in lines.items():
        for line in known:
            where.setdefault(line.key, []).append(environment)
    return where


def _row(line: dict[str, Any]) -> list[str]:
    environments = ", ".join(map(marked, line["environments"]))
    return [line["key"], str(line["version"]), moment(line["updated_ms"]), environments, line["bound"] or "not yet"]


ROUTES = (
    Route("/v1/secrets", Nothing, _list),
    Route("/v1/secrets/shown", Nothing, _shown),
    Route("/v1/secrets/coverage", Nothing, _coverage),
)
