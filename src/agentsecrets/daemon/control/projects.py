"""Verbs about projects."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.ledger.entries import PROJECT_CREATED, Named
from agentsecrets.ledger.state import LedgerState
from agentsecrets.model.place import ProjectId, new_id, parse_environment, parse_name
from agentsecrets.team.projects import FILE_NAME, check_new_name, find_project, render_folder, sign_folder
from agentsecrets.wire.messages import Nothing, ProjectName


async def _create(context: Context, asked: ProjectName) -> dict[str, Any]:
    daemon = context.daemon
    workspace = daemon.vault.opened.workspace
    name = parse_name(asked.name, "project")
    project_id = ProjectId(new_id())

    def named(state: LedgerState) -> Named:
        check_new_name(state, name)
        return Named(name)

    await workspace.write(daemon.store, daemon.worker, daemon.clock, PROJECT_CREATED, project_id, named)
    return await _use(context, asked)


async def _use(context: Context, asked: ProjectName) -> dict[str, Any]:
    state = context.daemon.vault.opened.workspace.state
    project_id = find_project(state, asked.name)
    environment = parse_environment(context.named.environment or "development")
    await context.daemon.places.activate(project_id)
    told = {"project": dict(state.projects)[project_id], "project_id": project_id, "environment": environment}
    return told | await _bound(context, project_id, environment) if asked.bind else told


async def _bound(context: Context, project_id: ProjectId, environment: str) -> dict[str, Any]:
    """The file that binds the folder of the command, and this device's word of trust in it; the command writes it."""
    daemon, workspace = context.daemon, context.daemon.vault.opened.workspace
    path, content = f"{context.named.folder}/{FILE_NAME}", render_folder(workspace.state, project_id, environment)
    word = sign_folder(workspace.unattended.device, daemon.account.account_id, path, content, daemon.clock.now_ms())
    await daemon.worker.run(lambda: daemon.store.put_folder(path, word.encode()))
    return {"path": path, "content": content.decode()}


async def _list(context: Context, _: Nothing) -> dict[str, Any]:
    state = context.daemon.vault.opened.workspace.state
    active = context.daemon.places.active_project
    return {"projects": [{"name": name, "id": project_id, "active": project_id == active} for project_id, name in state.projects]}


ROUTES = (
    Route("/v1/projects", Nothing, _list),
    Route("/v1/projects/create", ProjectName, _create),
    Route("/v1/projects/use", ProjectName, _use),
)
