"""Verbs about projects."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.control.folders import bound_folder, names_of
from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.ledger.entries import PROJECT_CREATED, PROJECT_DELETED, PROJECT_RENAMED
from agentsecrets.ledger.entries import Named as Sealed
from agentsecrets.ledger.entries import Nothing as NothingSealed
from agentsecrets.ledger.state import LedgerState
from agentsecrets.model.place import DEFAULT_ENVIRONMENT, Place, ProjectId, new_id, parse_environment, parse_name
from agentsecrets.team.projects import FILE_NAME, check_new_name, deleted_projects, find_deleted_project, find_project
from agentsecrets.wire.messages import Named, Nothing, ProjectName, Renamed


async def _create(context: Context, asked: ProjectName) -> dict[str, Any]:
    daemon, workspace = context.daemon, (await context.workspace()).workspace
    name = parse_name(asked.name, "project")
    project_id = ProjectId(new_id())

    def named(state: LedgerState) -> Sealed:
        check_new_name(state, name)
        return Sealed(name)

    await workspace.write(daemon.store, daemon.worker, daemon.clock, PROJECT_CREATED, project_id, named)
    return await _use(context, asked)


async def _use(context: Context, asked: ProjectName) -> dict[str, Any]:
    workspace = (await context.workspace()).workspace
    project_id = find_project(workspace.state, asked.name)
    place = Place(workspace.id, project_id, parse_environment(context.named.environment or DEFAULT_ENVIRONMENT))
    await context.daemon.places.activate(*place.parts)
    told = names_of(context, place) | {"project_id": project_id}
    if not asked.bind:
        return told
    return told | await bound_folder(context, place, file=f"{context.named.folder}/{FILE_NAME}")


async def _rename(context: Context, asked: Renamed) -> dict[str, Any]:
    daemon, workspace = context.daemon, (await context.workspace()).workspace
    name, project_id = parse_name(asked.to, "project"), find_project(workspace.state, asked.name)

    def named(state: LedgerState) -> Sealed:
        check_new_name(state, name, besides=project_id)
        return Sealed(name)

    await workspace.write(daemon.store, daemon.worker, daemon.clock, PROJECT_RENAMED, project_id, named)
    return {"project": name, "project_id": project_id, "before": asked.name}


async def _delete(context: Context, asked: Named) -> dict[str, Any]:
    """Takes a project out of the ledger; what its vaults hold stays sealed where it is, and ``restore`` brings it back."""
    daemon, workspace = context.daemon, (await context.workspace()).workspace
    project_id = find_project(workspace.state, asked.name)
    name = dict(workspace.state.projects)[project_id]
    await workspace.write(daemon.store, daemon.worker, daemon.clock, PROJECT_DELETED, project_id, lambda _: NothingSealed())
    return {"project": name, "project_id": project_id}


async def _restore(context: Context, asked: Named) -> dict[str, Any]:
    daemon, workspace = context.daemon, (await context.workspace()).workspace
    project_id, name = find_deleted_project(workspace.state, asked.name, daemon.clock.now_ms())

    def named(state: LedgerState) -> Sealed:
        check_new_name(state, name)
        return Sealed(name)

    await workspace.write(daemon.store, daemon.worker, daemon.clock, PROJECT_CREATED, project_id, named)
    return {"project": name, "project_id": project_id}


async def _list(context: Context, _: Nothing) -> dict[str, Any]:
    daemon, workspace = context.daemon, (await context.workspace()).workspace
    state, active = workspace.state, daemon.places.active_project(workspace)
    deleted = [project.name for project in deleted_projects(state, daemon.clock.now_ms())]
    projects = [{"name": name, "id": project_id, "active": project_id == active} for project_id, name in state.projects]
    return {"projects": projects, "deleted": deleted}


ROUTES = (
    Route("/v1/projects", Nothing, _list),
    Route("/v1/projects/create", ProjectName, _create),
    Route("/v1/projects/use", ProjectName, _use),
    Route("/v1/projects/rename", Renamed, _rename),
    Route("/v1/projects/delete", Named, _delete),
    Route("/v1/projects/restore", Named, _restore),
)
