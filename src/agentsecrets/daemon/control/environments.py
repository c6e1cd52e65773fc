"""Verbs about the environments of a project."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.control.folders import bound_folder, names_of
from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.errors import SameEnvironment
from agentsecrets.model.place import ENVIRONMENTS, Place, parse_environment
from agentsecrets.wire.messages import Copy, Named, Nothing


async def _list(context: Context, _: Nothing) -> dict[str, Any]:
    place = await context.place()
    secrets = context.of(place).secrets
    counted = [(environment, len(await secrets.lines(place.beside(environment)))) for environment in ENVIRONMENTS]
    lines = [{"name": name, "secrets": count, "active": name == place.environment} for name, count in counted]
    return {"environments": lines} | names_of(context, place)


async def _switch(context: Context, asked: Named) -> dict[str, Any]:
    """Makes an environment the one that counts: in the folder of the command when a project file binds it, else everywhere else."""
    environment = parse_environment(asked.name)
    located = await context.located()
    told = names_of(context, located.place.beside(environment)) | {"where": located.path}
    if located.path == "folder":
        return told | await bound_folder(context, located.place.beside(environment), file=located.file)
    await context.daemon.places.activate(located.place.workspace_id, located.place.project_id, environment)
    return told


async def _copy(context: Context, asked: Copy) -> dict[str, Any]:
    place = await context.place()
    source, target = _both(place, asked)
    copied, left = await context.of(place).secrets.copy(source, target, overwrite=asked.overwrite)
    return {"copied": copied, "left": left} | names_of(context, target)


async def _clean(context: Context, asked: Named) -> dict[str, Any]:
    place = (await context.place()).beside(parse_environment(asked.name))
    return {"deleted": await context.of(place).secrets.clean(place)} | names_of(context, place)


async def _missing(context: Context, asked: Copy) -> dict[str, Any]:
    """The names of one environment, and which of them stand in the other too."""
    place = await context.place()
    secrets = context.of(place).secrets
    source, target = _both(place, asked)
    there = {line.key for line in await secrets.lines(target)}
    keys = [{"key": line.key, "there": line.key in there} for line in await secrets.lines(source)]
    return {"keys": keys} | names_of(context, target)


def _both(place: Place, asked: Copy) -> tuple[Place, Place]:
    source, target = parse_environment(asked.source), parse_environment(asked.target)
    if source == target:
        raise SameEnvironment
    return place.beside(source), place.beside(target)


ROUTES = (
    Route("/v1/environments", Nothing, _list),
    Route("/v1/environments/switch", Named, _switch),
    Route("/v1/environments/copy", Copy, _copy),
    Route("/v1/environments/clean", Named, _clean),
    Route("/v1/environments/names", Copy, _missing),
)
