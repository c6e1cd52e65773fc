"""Verbs about projects."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.daemon.places import ACTIVE_PROJECT
from agentsecrets.ledger.entries import PROJECT_CREATED, Named
from agentsecrets.model.place import ProjectId, new_id, parse_name
from agentsecrets.team.projects import check_new_name, find_project
from agentsecrets.wire.messages import Nothing, ProjectName


async def _create(context: Context, asked: ProjectName) -> dict[str, Any]:
    daemon = context.daemon
    workspace = daemon.vault.opened.workspace
    name = parse_name(asked.name, "project")
    check_new_name(workspace.state, name)
    project_id = ProjectId(new_id())
    await workspace.write(daemon.store, daemon.worker, daemon.clock, PROJECT_CREATED, project_id, Named(name))
    await _activate(context, project_id)
    return {"project": name, "project_id": project_id}


async def _use(context: Context, asked: ProjectName) -> dict[str, Any]:
    project_id = find_project(context.daemon.vault.opened.workspace.state, asked.name)
    await _activate(context, project_id)
    return {"project": asked.name, "project_id": project_id}


async def _activate(context: Context, project_id: ProjectId) -> None:
    await context.daemon.worker.run(lambda: context.daemon.store.choose([(ACTIVE_PROJECT, project_id)]))


async def _list(context: Context, _: Nothing) -> dict[str, Any]:
    state = context.daemon.vault.opened.workspace.state
    active = await context.daemon.worker.run(lambda: context.daemon.store.choice(ACTIVE_PROJECT))
    return {"projects": [{"name": name, "id": project_id, "active": project_id == active} for project_id, name in state.projects]}


ROUTES = (
    Route("/v1/projects", Nothing, _list),
    Route("/v1/projects/create", ProjectName, _create),
    Route("/v1/projects/use", ProjectName, _use),
)
