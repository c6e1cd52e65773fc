"""Gemini CLI."""

from __future__ import annotations

from agentsecrets.mcp.clients.client import NAME, Client, Command, OwnCommand, usual_entry, with_variables


def _add(command: Command) -> list[str]:
    return ["mcp", "add", "--scope", "user", *with_variables("--env", command), NAME, command.program, *command.words]


CLIENT = Client(
    name="gemini",
    title="Gemini CLI",
    settings=lambda here: here.home / ".gemini" / "settings.json",
    names=("mcpServers",),
    entry=usual_entry,
    in_folder=".gemini/settings.json",
    program="gemini",
    own=OwnCommand("gemini", _add, ("mcp", "remove", "--scope", "user", NAME)),
    source="read by Gemini CLI 0.61.0",
)
