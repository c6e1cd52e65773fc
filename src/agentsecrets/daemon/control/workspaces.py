"""Verbs about the workspaces of the account."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.team.workspaces import find_workspace
from agentsecrets.wire.messages import Named, Nothing


async def _list(context: Context, _: Nothing) -> dict[str, Any]:
    here = (await context.workspace()).workspace.id
    lines = [
        {
            "name": workspace.state.name,
            "id": workspace.id,
            "active": workspace.id == here,
            "role": workspace.standing().role,
            "projects": len(workspace.state.projects),
        }
        for workspace in context.daemon.vault.opened.workspaces
    ]
    return {"workspaces": lines}


async def _switch(context: Context, asked: Named) -> dict[str, Any]:
    workspace = find_workspace(context.daemon.vault.opened.workspaces, asked.name)
    await context.daemon.places.activate_workspace(workspace.id)
    return {"workspace": workspace.state.name, "id": workspace.id}


async def _here(context: Context, _: Nothing) -> dict[str, Any]:
    workspace = (await context.workspace()).workspace
    return {"workspace": workspace.state.name, "id": workspace.id}


ROUTES = (
    Route("/v1/workspace", Nothing, _here),
    Route("/v1/workspaces", Nothing, _list),
    Route("/v1/workspaces/switch", Named, _switch),
)
