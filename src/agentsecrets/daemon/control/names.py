"""Names alone, for a shell that completes what a person types. To ask for them is no use of the vault."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.wire.messages import NamesOf


async def _names(context: Context, asked: NamesOf) -> dict[str, Any]:
    return {"names": await names(context, asked.kind)}


async def names(context: Context, kind: str) -> list[str]:
    """The names of one kind that could be meant where a command was run, sorted.

    Args:
        context: Where it was run.
        kind: ``key``, ``project``, ``workspace`` or ``domain``; there are none of any other.
    """
    if kind == "key":
        place = await context.place()
        return [line.key for line in await context.of(place).secrets.lines(place)]
    if kind == "workspace":
        return sorted(workspace.state.name for workspace in context.daemon.vault.opened.workspaces)
    state = (await context.workspace()).workspace.state
    if kind == "project":
        return sorted(name for _, name in state.projects)
    return sorted(host.shown for _, host in state.allowed) if kind == "domain" else []


ROUTES = (Route("/v1/names", NamesOf, _names, is_use=False),)
