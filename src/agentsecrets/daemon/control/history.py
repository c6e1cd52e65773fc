"""Verbs about old and deleted versions of secrets."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.control.folders import names_of
from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.model.secret import parse_key_name
from agentsecrets.vault.shelf import SecretLine
from agentsecrets.wire.messages import Key, Nothing, Version


async def _history(context: Context, asked: Key) -> dict[str, Any]:
    place = await context.place()
    lines = await context.of(place).secrets.history(place, parse_key_name(asked.key))
    return {"versions": [_shown(line) for line in lines]}


async def _rollback(context: Context, asked: Version) -> dict[str, Any]:
    place, key = await context.place(), parse_key_name(asked.key)
    version = await context.of(place).secrets.rollback(place, key, asked.version)
    return {"key": key, "version": version} | names_of(context, place)


async def _deleted(context: Context, _: Nothing) -> dict[str, Any]:
    place = await context.place()
    lines = await context.of(place).secrets.deleted(place)
    return {"deleted": [_shown(line) for line in lines]}


async def _restore(context: Context, asked: Key) -> dict[str, Any]:
    place, key = await context.place(), parse_key_name(asked.key)
    version = await context.of(place).secrets.restore(place, key)
    return {"key": key, "version": version} | names_of(context, place)


def _shown(line: SecretLine) -> dict[str, Any]:
    return {"key": line.key, "version": line.version, "updated_ms": line.time_ms, "note": line.note, "deleted_ms": line.deleted_ms}


ROUTES = (
    Route("/v1/secrets/history", Key, _history),
    Route("/v1/secrets/rollback", Version, _rollback),
    Route("/v1/secrets/deleted", Nothing, _deleted),
    Route("/v1/secrets/restore", Key, _restore),
)
