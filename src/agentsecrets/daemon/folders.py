"""The project file of a folder, and whether this account trusts it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from agentsecrets.errors import FormatUnknown, UntrustedFolder
from agentsecrets.model.statement import Identity
from agentsecrets.ports import StateStore
from agentsecrets.storage.files import read_own
from agentsecrets.team.projects import FILE_NAME, FolderProject, is_trusted, parse_folder

_LIMIT = 1 << 16


@dataclass(frozen=True, slots=True)
class Folder:
    """A project file that was found.

    Attributes:
        path: Its absolute path.
        project: What it says.
        trusted: Whether this account gave its word for this very content at this very path.
    """

    path: str
    project: FolderProject
    trusted: bool

    def check(self) -> None:
        """Refuses a file for which nobody gave a word.

        Raises:
            UntrustedFolder
        """
        if not self.trusted:
            raise UntrustedFolder(path=self.path, project=self.project.project)


def find_folder(folder: str, store: StateStore, identity: Identity) -> Folder | None:
    """The project file of a folder or of the nearest one above it. Blocking: run it in a worker.

    Args:
        folder: An absolute path.
        store: Where words of trust lie.
        identity: Whose they must be.

    Raises:
        FormatUnknown: When what lies nearest under that name is not a project file, e.g. a symbolic link, a folder, or too long.
    """
    here = Path(folder)
    for above in (here, *here.parents):
        path = above / FILE_NAME
        content = read_own(path, _LIMIT)
        if content is not None:
            return Folder(str(path), parse_folder(content), is_trusted(store.folder(str(path)), identity, str(path), content))
        if os.path.lexists(path):
            raise FormatUnknown(kind=FILE_NAME)
    return None
