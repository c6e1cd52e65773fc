"""Gives a word of trust in the project file that counts in a folder, after showing what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import NoProjectFile
from agentsecrets.storage.files import read_own
from agentsecrets.team.projects import find_project, parse_folder, sign_folder
from agentsecrets.wire.messages import Signed


def _perform(asked: Asked, person: Person) -> dict[str, Any]:
    path = Path(asked.control.ask("/v1/folder")["path"])
    content = read_own(path)
    if content is None:
        raise NoProjectFile
    project = parse_folder(content)
    opened = Opened(asked, person, f"AgentSecrets: commands below {path.parent.parent} use {project.project}, {project.environment}")
    find_project(opened.workspace.state, project.project_id)
    word = sign_folder(opened.keys.signing, opened.account.account_id, str(path), content, SystemClock().now_ms())
    opened.control.ask("/v1/folder/trust", Signed(envelope=word.encode()))
    return {"path": str(path), "project": project.project, "environment": project.environment}


DEED = Deed("trust", Asked, _perform)
