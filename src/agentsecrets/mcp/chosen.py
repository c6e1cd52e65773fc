"""What a person has fixed by flags: the place that a server always uses."""

from __future__ import annotations

from agentsecrets.client import heads


class Chosen:
    """Workspace, project and environment by flag, each empty where nothing was fixed.

    Attributes:
        workspace: Name or id.
        project: Name or id.
        environment: Name.
    """

    __slots__ = ("environment", "project", "workspace")

    def __init__(self, *, workspace: str = "", project: str = "", environment: str = "") -> None:
        self.workspace, self.project, self.environment = workspace, project, environment

    def fields(self, *, as_json: bool = False) -> heads.Fields:
        """The header fields that say so to the daemon; variables and the folder fill what is open."""
        return heads.place_fields(self.project, self.environment, self.workspace, as_json=as_json)

    def flags(self) -> list[str]:
        """The same as flags of a command line."""
        named = (("--workspace", self.workspace), ("--project", self.project), ("--environment", self.environment))
        return [word for flag, name in named if name for word in (flag, name)]
