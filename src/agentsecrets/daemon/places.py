"""Which project and environment a request means."""

from __future__ import annotations

from typing import NamedTuple

from agentsecrets.daemon.folders import Folder, find_folder
from agentsecrets.daemon.unlocked import Vault
from agentsecrets.errors import NoProject, ProjectNotFound
from agentsecrets.ledger.state import LedgerState
from agentsecrets.model.place import DEFAULT_ENVIRONMENT, Environment, Place, ProjectId, parse_environment
from agentsecrets.ports import StateStore, Worker
from agentsecrets.team.projects import find_project
from agentsecrets.vault.unbroken import unbroken

_ACTIVE_PROJECT = "active_project"
_ACTIVE_ENVIRONMENT = "active_environment"


class Named(NamedTuple):
    """What a request says about where it belongs: empty for what it leaves open.

    Attributes:
        project: Name or id.
        environment: Name.
        folder: Absolute path of the folder in which a command was run.
    """

    project: str = ""
    environment: str = ""
    folder: str = ""


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


class Places:
    """Finds the place of a request: the project that it names, else that of its folder, else the active one.

    Args:
        vault: Whose workspace counts.
        store: Where choices and words of trust lie.
        worker: Runs what blocks.
    """

    def __init__(self, vault: Vault, store: StateStore, worker: Worker) -> None:
        self._vault, self._store, self._worker = vault, store, worker
        self._active = store.choice(_ACTIVE_PROJECT)
        self._active_environment = store.choice(_ACTIVE_ENVIRONMENT)

    @property
    def active_project(self) -> ProjectId | None:
        """The project that counts where nothing else is said, None when there is none any more."""
        known = dict(self._vault.opened.workspace.state.projects)
        return ProjectId(self._active) if self._active in known else None

    async def activate(self, project_id: ProjectId, environment: Environment) -> None:
        """Makes a project and one of its environments the active ones."""

        async def deed() -> None:
            chosen = [(_ACTIVE_PROJECT, project_id), (_ACTIVE_ENVIRONMENT, environment)]
            await self._worker.run(lambda: self._store.choose(chosen))
            self._active, self._active_environment = project_id, environment

        await unbroken(deed())

    async def folder(self, path: str) -> Folder | None:
        """The project file that counts in a folder.

        Raises:
            FormatUnknown
        """
        if not path.startswith("/"):
            return None
        identity = self._vault.opened.workspace.identity
        return await self._worker.run(lambda: find_folder(path, self._store, identity))

    async def locate(self, named: Named) -> Located:
        """The vault that a request means.

        Raises:
            ProjectNotFound, NoProject, BadUsage, UntrustedFolder, FormatUnknown, Locked
        """
        state = self._vault.opened.workspace.state
        if named.project:
            return self._at(find_project(state, named.project), named.environment, "header")
        folder = await self.folder(named.folder)
        if folder is not None:
            folder.check()
            return self._at(_project_of(state, folder), named.environment or folder.project.environment, "folder", folder.path)
        active = self.active_project
        if active is None:
            raise NoProject
        return self._at(active, named.environment or self._active_environment, "active")

    def _at(self, project_id: ProjectId, environment: str, path: str, file: str = "") -> Located:
        parsed = parse_environment(environment) if environment else DEFAULT_ENVIRONMENT
        return Located(Place(self._vault.opened.workspace.id, project_id, parsed), path, file)


def _project_of(state: LedgerState, folder: Folder) -> ProjectId:
    """By id alone: a name in a file proves nothing."""
    if folder.project.workspace_id != state.public.workspace_id or folder.project.project_id not in dict(state.projects):
        raise ProjectNotFound(project=folder.project.project)
    return ProjectId(folder.project.project_id)
