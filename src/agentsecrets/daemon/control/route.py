"""What a control route is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from agentsecrets.daemon.core import Daemon
from agentsecrets.daemon.places import resolve
from agentsecrets.model.place import Place
from agentsecrets.wire.messages import Message


@dataclass(frozen=True, slots=True)
class Context:
    """Where a command was run: project and environment as named, empty for the active ones."""

    daemon: Daemon
    project: str
    environment: str

    async def place(self) -> Place:
        """The vault that the command means."""
        daemon = self.daemon
        workspace = daemon.vault.opened.workspace
        place, _ = await resolve(workspace, daemon.store, daemon.worker, project=self.project, environment=self.environment)
        return place


@dataclass(frozen=True, slots=True)
class Route:
    """One verb of the control plane: path, shape of its request, what it does."""

    path: str
    shape: type[Message]
    handle: Callable[[Context, Any], Awaitable[msgspec.Struct | dict[str, Any]]]
