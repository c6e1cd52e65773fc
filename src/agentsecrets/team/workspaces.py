"""Workspaces of an account, by what people call them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from agentsecrets.errors import WorkspaceExists, WorkspaceNotFound
from agentsecrets.ledger.state import LedgerState


class _Known(Protocol):
    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def state(self) -> LedgerState:
        """What its ledger says."""
        ...


AnyWorkspace = TypeVar("AnyWorkspace", bound=_Known)


def find_workspace(workspaces: Sequence[AnyWorkspace], name_or_id: str) -> AnyWorkspace:
    """The workspace of a name or id.

    Raises:
        WorkspaceNotFound
    """
    for workspace in workspaces:
        if name_or_id in (workspace.id, workspace.state.name):
            return workspace
    raise WorkspaceNotFound(workspace=name_or_id).guess(name_or_id, (workspace.state.name for workspace in workspaces))


def check_new_workspace(workspaces: Sequence[AnyWorkspace], name: str) -> None:
    """Refuses a name that is taken, whatever its case.

    Raises:
        WorkspaceExists
    """
    if name.casefold() in {workspace.state.name.casefold() for workspace in workspaces}:
        raise WorkspaceExists(workspace=name)
