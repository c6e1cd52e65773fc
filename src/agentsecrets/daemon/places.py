"""Which project and environment a request means."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from agentsecrets.daemon.folders import Folder, find_folder
from agentsecrets.daemon.unlocked import OpenWorkspace, Vault
from agentsecrets.errors import NoProject, ProjectNotFound
from agentsecrets.ledger.state import LedgerState
from agentsecrets.model.place import DEFAULT_ENVIRONMENT, Environment, Place, ProjectId, WorkspaceId, parse_environment
from agentsecrets.ports import StateStore, Worker
from agentsecrets.team.projects import find_project
from agentsecrets.team.workspaces import find_workspace
from agentsecrets.vault.unbroken import unbroken
from agentsecrets.vault.workspace import Workspace

_WORKSPACE = "active_workspace"
_PROJECT = "active_project:"
_ENVIRONMENT = "active_environment:"
"""Names of choices; those with a colon are followed by the id of a workspace."""


class Named(NamedTuple):
    """What a request says about where it belongs: empty for what it leaves open.

    Attributes:
        project: Name or id.
        environment: Name.
        folder: Absolute path of the folder in which a command was run.
        workspace: Name or id.
    """

    project: str = ""
    environment: str = ""
    folder: str = ""
    workspace: str = ""


NOWHERE = Named()
"""What a request says that says nothing."""


class Located(NamedTuple):
    """Where a request belongs, and by what.

    Attributes:
        place: The vault.
        path: ``header``, ``folder`` or ``active``.
        file: Path of the project file, when it was that.
    """

    place: Place
    path: str
    file: str = ""


class _Active(msgspec.Struct, frozen=True):
    """Where a request belongs that says nothing, and what that was read from."""

    workspaces: tuple[Workspace, ...]
    choices: dict[str, str]
    workspace: Workspace
    state: LedgerState
    located: Located


class Places:
    """Finds the place of a request: the project that it names, else that of its folder, else the active one.

    Args:
        vault: Whose workspaces count.
        store: Where choices and words of trust lie.
        worker: Runs what blocks.
    """

    def __init__(self, vault: Vault, store: StateStore, worker: Worker) -> None:
        self._vault, self._store, self._worker = vault, store, worker
        self._choices: dict[str, str] = {}
        """A choice makes another dictionary of it."""
        self._active: _Active | None = None

    @property
    def active_workspace(self) -> OpenWorkspace:
        """The workspace that counts where nothing else is said: the one chosen last, the personal one at first."""
        opened = self._vault.opened
        chosen = self._choice(_WORKSPACE)
        return opened.of(chosen if any(known.id == chosen for known in opened.workspaces) else opened.workspaces[0].id)

    def active_project(self, workspace: Workspace) -> ProjectId | None:
        """The project of a workspace that counts where nothing else is said, None when there is none any more."""
        chosen = self._choice(_PROJECT + workspace.id)
        return ProjectId(chosen) if any(known == chosen for known, _ in workspace.state.projects) else None

    async def activate_workspace(self, workspace_id: WorkspaceId) -> None:
        """Makes a workspace the active one."""
        await self._choose({_WORKSPACE: workspace_id})

    async def activate(self, workspace_id: WorkspaceId, project_id: ProjectId, environment: Environment) -> None:
        """Makes a project and one of its environments the active ones of their workspace, and that the active workspace."""
        await self._choose({_WORKSPACE: workspace_id, _PROJECT + workspace_id: project_id, _ENVIRONMENT + workspace_id: environment})

    async def folder(self, path: str) -> Folder | None:
        """The project file that counts in a folder.

        Raises:
            FormatUnknown
        """
        if not path.startswith("/"):
            return None
        identity = self._vault.opened.identity
        return await self._worker.run(lambda: find_folder(path, self._store, identity))

    async def workspace(self, named: Named) -> OpenWorkspace:
        """The workspace that a request means: the one that it names, else that of its folder when that is trusted, else the active one.

        Raises:
            WorkspaceNotFound, FormatUnknown, Locked
        """
        opened = self._vault.opened
        if named.workspace:
            return opened.of(find_workspace(opened.workspaces, named.workspace).id)
        folder = await self.folder(named.folder)
        if folder is not None and folder.trusted and any(known.id == folder.project.workspace_id for known in opened.workspaces):
            return opened.of(folder.project.workspace_id)
        return self.active_workspace

    def at_hand(self, named: Named) -> Located | None:
        """The vault that a request means, where nobody has to look for it: nearly every agent says nothing and means the active one.

        Raises:
            NoProject, Locked
        """
        return self._active_place() if named == NOWHERE else None

    async def locate(self, named: Named) -> Located:
        """The vault that a request means.

        Raises:
            WorkspaceNotFound, ProjectNotFound, NoProject, BadUsage, UntrustedFolder, FormatUnknown, Locked
        """
        known = self.at_hand(named)
        if known is not None:
            return known
        if named.project:
            workspace = (await self.workspace(named)).workspace
            return self._at(workspace, find_project(workspace.state, named.project), named.environment, "header")
        folder = None if named.workspace else await self.folder(named.folder)
        if folder is not None:
            folder.check()
            workspace = self._workspace_of(folder)
            project_id, environment = _project_of(workspace.state, folder), named.environment or folder.project.environment
            return self._at(workspace, project_id, environment, "folder", folder.path)
        return self._active_in((await self.workspace(named)).workspace, named.environment)

    def _active_place(self) -> Located:
        """What was found holds while all that it was read from is the same."""
        known, workspaces = self._active, self._vault.opened.workspaces
        same = known is not None and known.workspaces is workspaces and known.choices is self._choices
        if known is None or not same or known.state is not known.workspace.state:
            workspace = self.active_workspace.workspace
            located = self._active_in(workspace, "")
            known = self._active = _Active(workspaces, self._choices, workspace, workspace.state, located)
        return known.located

    def _active_in(self, workspace: Workspace, environment: str) -> Located:
        active = self.active_project(workspace)
        if active is None:
            raise NoProject
        return self._at(workspace, active, environment or self._choice(_ENVIRONMENT + workspace.id), "active")

    def _at(self, workspace: Workspace, project_id: ProjectId, environment: str, path: str, file: str = "") -> Located:
        parsed = parse_environment(environment) if environment else DEFAULT_ENVIRONMENT
        return Located(Place(workspace.id, project_id, parsed), path, file)

    def _workspace_of(self, folder: Folder) -> Workspace:
        for workspace in self._vault.opened.workspaces:
            if workspace.id == folder.project.workspace_id:
                return workspace
        raise ProjectNotFound(project=folder.project.project)

    def _choice(self, name: str) -> str:
        if name not in self._choices:
            self._choices = self._choices | {name: self._store.choice(name)}
        return self._choices[name]

    async def _choose(self, choices: dict[str, str]) -> None:
        async def deed() -> None:
            await self._worker.run(lambda: self._store.choose(choices.items()))
            self._choices = self._choices | choices

        await unbroken(deed())


def _project_of(state: LedgerState, folder: Folder) -> ProjectId:
    """By id alone: a name in a file proves nothing."""
    if folder.project.project_id not in dict(state.projects):
        raise ProjectNotFound(project=folder.project.project)
    return ProjectId(folder.project.project_id)
