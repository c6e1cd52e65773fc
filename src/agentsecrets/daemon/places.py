"""Which project a request means."""

from __future__ import annotations

from agentsecrets.errors import NoProject
from agentsecrets.model.place import DEFAULT_ENVIRONMENT, Place, ProjectId, parse_environment
from agentsecrets.ports import StateStore, Worker
from agentsecrets.team.projects import find_project
from agentsecrets.vault.workspace import Workspace

ACTIVE_PROJECT = "active_project"


async def resolve(
    workspace: Workspace, store: StateStore, worker: Worker, *, project: str = "", environment: str = ""
) -> tuple[Place, str]:
    """The vault that a request means, and how it was found: by name, or the account's active one.

    Raises:
        ProjectNotFound, NoProject, BadUsage
    """
    named = parse_environment(environment) if environment else DEFAULT_ENVIRONMENT
    if project:
        return Place(workspace.id, find_project(workspace.state, project), named), "header"
    active = await worker.run(lambda: store.choice(ACTIVE_PROJECT))
    if active not in dict(workspace.state.projects):
        raise NoProject
    return Place(workspace.id, ProjectId(active), named), "active"
