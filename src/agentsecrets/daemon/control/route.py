"""What a control route is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from agentsecrets.daemon.core import Daemon
from agentsecrets.daemon.places import Located, Named
from agentsecrets.daemon.unlocked import OpenWorkspace
from agentsecrets.model.place import Place
from agentsecrets.network.http1.messages import RequestHead
from agentsecrets.network.http1.server import Exchange
from agentsecrets.wire import headers
from agentsecrets.wire.messages import Message
from agentsecrets.wire.quoting import unquoted


@dataclass(frozen=True, slots=True)
class Context:
    """Where a command was run: project, environment and folder as named, and how it wants its answer."""

    daemon: Daemon
    named: Named
    as_json: bool

    @classmethod
    def read(cls, daemon: Daemon, head: RequestHead) -> Context:
        """What the head of a control request says."""
        named = Named(
            _field(head, headers.PROJECT),
            _field(head, headers.ENVIRONMENT),
            unquoted(_field(head, headers.CWD)),
            _field(head, headers.WORKSPACE),
        )
        return cls(daemon, named, _field(head, headers.OUTPUT) == "json")

    async def workspace(self) -> OpenWorkspace:
        """The workspace that the command means."""
        return await self.daemon.places.workspace(self.named)

    def of(self, place: Place) -> OpenWorkspace:
        """The workspace of a place."""
        return self.daemon.vault.of(place.workspace_id)

    async def located(self) -> Located:
        """The vault that the command means, and by what."""
        return await self.daemon.places.locate(self.named)

    async def place(self) -> Place:
        """The vault that the command means."""
        return (await self.located()).place


@dataclass(frozen=True, slots=True)
class Route:
    """One verb of the control plane.

    Attributes:
        path: Its path.
        shape: Shape of its request.
        handle: What it does.
        is_use: Whether it counts as a use of the vault, which puts the idle lock off.
        limit: Longest body of a request, in bytes.
    """

    path: str
    shape: type[Message]
    handle: Callable[[Context, Any], Awaitable[msgspec.Struct | dict[str, Any]]]
    is_use: bool = True
    limit: int = 1 << 20


@dataclass(frozen=True, slots=True)
class FrameRoute:
    """A verb that answers with frames, as the quick commands want it."""

    path: str
    serve: Callable[[Context, Exchange], Awaitable[None]]


def _field(head: RequestHead, name: str) -> str:
    values = head.get(name.lower().encode())
    return values[0].decode("utf-8", "replace") if values else ""
