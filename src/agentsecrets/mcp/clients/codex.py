"""Codex: TOML, and its own command for adding a server."""

from __future__ import annotations

from agentsecrets.mcp.clients.client import NAME, Client, Command, OwnCommand, usual_entry, with_variables


def _add(command: Command) -> list[str]:
    return ["mcp", "add", NAME, *with_variables("--env", command), "--", command.program, *command.words]


CLIENT = Client(
    name="codex",
    title="Codex",
    settings=lambda here: here.folder("CODEX_HOME", ".codex") / "config.toml",
    names=("mcp_servers",),
    entry=usual_entry,
    language="toml",
    in_folder=".codex/config.toml",
    program="codex",
    own=OwnCommand("codex", _add, ("mcp", "remove", NAME)),
    source="read by Codex 0.169.0",
)
