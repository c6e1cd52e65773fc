"""Makes a new workspace, whose first entry its owner signs."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.terminal import Person
from agentsecrets.model.place import parse_name
from agentsecrets.vault.accounts import found_workspace
from agentsecrets.wire.messages import Signed


class _Asked(Asked, frozen=True, kw_only=True):
    name: str


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    name = parse_name(asked.name, "workspace")
    opened = Opened(asked, person, f"AgentSecrets: create the workspace {name}")
    founded = found_workspace(opened.account, opened.keys, name, SystemClock().now_ms())
    opened.control.ask("/v1/ledger", Signed(envelope=founded.first.encode()))
    return {"workspace": name, "id": founded.workspace_id}


DEED = Deed("workspace.create", _Asked, _perform)
