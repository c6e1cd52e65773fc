"""VS Code: the servers stand under ``servers``, and each says its type."""

from __future__ import annotations

from agentsecrets.mcp.clients.client import Client, Command, Entry


def _entry(command: Command) -> Entry:
    return command.entry(type="stdio")


CLIENT = Client(
    name="vscode",
    title="VS Code",
    settings=lambda here: here.application("Code", "User", "mcp.json"),
    names=("servers",),
    entry=_entry,
    in_folder=".vscode/mcp.json",
    program="code",
    source="read by mcporter 0.12.3",
)
