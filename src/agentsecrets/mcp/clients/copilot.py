"""GitHub Copilot CLI."""

from __future__ import annotations

from agentsecrets.mcp.clients.client import Client, Command, Entry


def _entry(command: Command) -> Entry:
    return command.entry(type="stdio", tools=["*"])


CLIENT = Client(
    name="copilot",
    title="Copilot CLI",
    settings=lambda here: here.folder("COPILOT_HOME", ".copilot") / "mcp-config.json",
    names=("mcpServers",),
    entry=_entry,
    in_folder=".mcp.json",
    program="copilot",
    source="docs.github.com, Adding MCP servers for GitHub Copilot CLI",
)
