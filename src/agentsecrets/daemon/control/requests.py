"""Verbs about secrets that agents ask people for."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.control.folders import names_of
from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.model.secret import parse_key_name
from agentsecrets.wire.messages import Ask, Nothing

_LONGEST_WAIT_S = 25


async def _ask(context: Context, asked: Ask) -> dict[str, Any]:
    """Says whether a key is set; notes the request, and waits for the person a while, when it is not."""
    daemon, key, place = context.daemon, parse_key_name(asked.key), await context.place()
    secrets = context.of(place).secrets
    if key not in {line.key for line in await secrets.lines(place)}:
        pending = daemon.requests.ask(place, key, asked.agent, asked.reason)
        if asked.wait_s > 0:
            await daemon.requests.wait(pending, min(asked.wait_s, _LONGEST_WAIT_S))
    return {"key": key, "set": key in {line.key for line in await secrets.lines(place)}} | names_of(context, place)


async def _list(context: Context, _: Nothing) -> dict[str, Any]:
    return {
        "requests": [
            {"key": one.key, "agent": one.agent, "reason": one.reason, "time_ms": one.time_ms}
            | {"workspace_id": one.place.workspace_id, "project_id": one.place.project_id}
            | names_of(context, one.place)
            for one in context.daemon.requests.waiting
            if one.place.project_id in dict(context.of(one.place).workspace.state.projects)
        ]
    }


ROUTES = (Route("/v1/requests", Nothing, _list), Route("/v1/requests/ask", Ask, _ask))
