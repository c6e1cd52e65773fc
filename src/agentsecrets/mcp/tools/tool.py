"""What a tool is, and what all of them share."""

from __future__ import annotations

from collections.abc import Callable

from agentsecrets.mcp.arguments import Schema
from agentsecrets.mcp.asking import Daemon
from agentsecrets.mcp.pages import Pages
from agentsecrets.mcp.task import Task

Arguments = dict[str, object]
Structured = dict[str, object]

KEY_NAME: Schema = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,127}$"}
"""A key name, as ``model.secret`` has it."""
ENVIRONMENTS = ["development", "staging", "production"]


class Desk:
    """What a tool works with.

    Attributes:
        daemon: Whom it asks.
        pages: Where it leaves what is too long for one answer.
        task: The call that it serves.
    """

    __slots__ = ("daemon", "pages", "task")

    def __init__(self, daemon: Daemon, pages: Pages, task: Task) -> None:
        self.daemon, self.pages, self.task = daemon, pages, task


class Tool:
    """One tool.

    Attributes:
        name: Under which it is called.
        schema: Of its arguments; nothing beyond it is taken.
        run: What it does with arguments that fit; what it raises is a refusal.
    """

    __slots__ = ("_description", "_hints", "_title", "name", "run", "schema")

    def __init__(
        self,
        name: str,
        title: str,
        description: str,
        *,
        schema: Schema,
        hints: dict[str, bool],
        run: Callable[[Desk, Arguments], Structured],
    ) -> None:
        self.name, self.schema, self.run = name, schema, run
        self._title, self._description, self._hints = title, description, hints

    def shown(self, version: str) -> dict[str, object]:
        """How it is listed to a client that speaks a version: annotations came with 2025-03-26, titles with 2025-06-18."""
        told: dict[str, object] = {"name": self.name, "description": self._description, "inputSchema": self.schema}
        if version >= "2025-03-26":
            told["annotations"] = {"title": self._title, **self._hints}
        if version >= "2025-06-18":
            told["title"] = self._title
        return told


def takes(required: list[str], properties: dict[str, Schema]) -> Schema:
    """The schema of a tool's arguments; the order is the one in which they are told."""
    needed: Schema = {"required": required} if required else {}
    return {"type": "object", "properties": properties, **needed, "additionalProperties": False}


def hints(*, read_only: bool, destructive: bool = False, idempotent: bool = True, open_world: bool = False) -> dict[str, bool]:
    """The annotations of a tool, all of them said."""
    return {"readOnlyHint": read_only, "destructiveHint": destructive, "idempotentHint": idempotent, "openWorldHint": open_world}


def bad_arguments(problem: str) -> Exception:
    """The refusal of arguments, loaded when it is needed."""
    from agentsecrets.errors import BadArguments

    return BadArguments(problem=problem)
