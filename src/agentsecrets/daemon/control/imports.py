"""The verb that takes many values at once, sealed in one piece."""

from __future__ import annotations

from typing import Any

from agentsecrets.crypto.deposits import open_deposit
from agentsecrets.crypto.framing import unframe
from agentsecrets.crypto.value import Value
from agentsecrets.daemon.arrival import Arrival, bind_by_value, look_at, to_be_stored
from agentsecrets.daemon.control.folders import names_of
from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.errors import BadRequest
from agentsecrets.model.secret import KeyName, check_value, parse_key_name
from agentsecrets.vault.secrets import Existing
from agentsecrets.wire.messages import Import, meant_for_import

_MOST = 10_000
_LIMIT = 8 * 1024 * 1024
_NOTE = "imported"
_EXISTING: dict[str, Existing] = {"refuse": "refuse", "overwrite": "overwrite", "skip": "skip"}


async def _import(context: Context, asked: Import) -> dict[str, Any]:
    """Stores all of them in one transaction, or none; answers names only."""
    if asked.existing not in _EXISTING or not 0 < asked.count <= _MOST:
        raise BadRequest(problem="it is no import")
    place = await context.place()
    values, arrivals = await context.daemon.worker.run(lambda: _opened(context, asked))
    opened = context.daemon.vault.opened
    here = {line.key for line in await context.of(place).secrets.lines(place)}
    known = [arrival for arrival in to_be_stored(arrivals, here, _EXISTING[asked.existing]) if arrival.issuer is not None]
    told = await bind_by_value(opened, place, known)
    stored, there = await context.of(place).secrets.put_all(place, values, _EXISTING[asked.existing], _NOTE)
    for key in stored:
        context.daemon.requests.answer(place, key)
    return {
        "created": sorted(stored - there),
        "updated": sorted(stored & there),
        "skipped": sorted(there - stored),
        "bound": {key: recognised["bound"] for key, recognised in told.items() if recognised["pinned"]},
        "warnings": [warning for arrival in arrivals if arrival.key in stored for warning in arrival.warnings],
    } | names_of(context, place)


def _opened(context: Context, asked: Import) -> tuple[dict[KeyName, Value], list[Arrival]]:
    named = context.named
    purpose = meant_for_import(named.folder, (named.workspace, named.project, named.environment), asked.existing)
    parts = unframe(open_deposit(context.daemon.deposit, purpose, asked.sealed), 2 * asked.count, "import")
    values: dict[KeyName, bytes] = {}
    for name, raw in zip(parts[::2], parts[1::2], strict=True):
        check_value(raw)
        values[parse_key_name(name.decode("utf-8", "replace"))] = raw
    if len(values) != asked.count:
        raise BadRequest(problem="a name stands in it twice")
    return {key: Value(raw) for key, raw in values.items()}, [look_at(key, raw) for key, raw in values.items()]


ROUTES = (Route("/v1/secrets/import", Import, _import, limit=_LIMIT),)
