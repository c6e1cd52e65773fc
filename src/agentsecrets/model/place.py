"""Where a secret lives: workspace, project, environment."""

from __future__ import annotations

import re
import secrets
from typing import Literal, NewType, get_args

import msgspec

from agentsecrets.errors import BadName, BadUsage

WorkspaceId = NewType("WorkspaceId", str)
ProjectId = NewType("ProjectId", str)
Environment = Literal["development", "staging", "production"]

ENVIRONMENTS: tuple[Environment, ...] = get_args(Environment)
DEFAULT_ENVIRONMENT: Environment = "development"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
_ID = re.compile(r"[0-9a-f]{32}")


class Place(msgspec.Struct, frozen=True):
    """One vault: a (project, environment) of a workspace."""

    workspace_id: WorkspaceId
    project_id: ProjectId
    environment: Environment

    @property
    def parts(self) -> tuple[WorkspaceId, ProjectId, Environment]:
        """Workspace, project and environment."""
        return self.workspace_id, self.project_id, self.environment

    def beside(self, environment: Environment) -> Place:
        """The vault of another environment of the same project."""
        return Place(self.workspace_id, self.project_id, environment)


def new_id() -> str:
    """A fresh identifier: 128 random bits as 32 lower-case hexadecimal digits."""
    return secrets.token_hex(16)


def is_id(text: str) -> bool:
    """Whether a text has the shape of an identifier."""
    return _ID.fullmatch(text) is not None


def parse_name(text: str, kind: str) -> str:
    """Accepts the name of a project or workspace.

    Args:
        text: 1 to 64 characters; begins with a letter or digit; ASCII, so that no two names look alike.
        kind: ``"project"`` or ``"workspace"``, for the message.

    Raises:
        BadName: For anything else.
    """
    if _NAME.fullmatch(text) is None or text != text.strip():
        raise BadName(kind=kind)
    return text


def parse_environment(text: str) -> Environment:
    """Accepts the name of one of the three environments.

    Raises:
        BadUsage: For any other word.
    """
    for environment in ENVIRONMENTS:
        if text == environment:
            return environment
    raise BadUsage(problem="an environment is one of development, staging, production")
