"""GitHub Copilot CLI."""

from __future__ import annotations

from agentsecrets.mcp.clients.client import NAME, Client, Command, Entry, OwnCommand, with_variables


def _entry(command: Command) -> Entry:
    return command.entry(type="local", tools=["*"])


def _add(command: Command) -> list[str]:
    return ["mcp", "add", NAME, *with_variables("--env", command), "--", command.program, *command.words]


CLIENT = Client(
    name="copilot",
    title="Copilot CLI",
    settings=lambda here: here.folder("COPILOT_HOME", ".copilot") / "mcp-config.json",
    names=("mcpServers",),
    entry=_entry,
    in_folder=".mcp.json",
    program="copilot",
    own=OwnCommand("copilot", _add, ("mcp", "remove", NAME)),
    source="read by Copilot CLI 1.0.102",
)
