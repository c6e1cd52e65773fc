"""Claude Code: ``~/.claude.json``, or ``.mcp.json`` in a folder, which asks the person before its first use."""

from __future__ import annotations

from agentsecrets.mcp.clients.client import NAME, Client, Command, Entry, OwnCommand, with_variables


def _entry(command: Command) -> Entry:
    return command.entry(type="stdio")


def _add(command: Command) -> list[str]:
    return ["mcp", "add", NAME, "--scope", "user", *with_variables("--env", command), "--", command.program, *command.words]


CLIENT = Client(
    name="claude-code",
    title="Claude Code",
    settings=lambda here: here.folder("CLAUDE_CONFIG_DIR") / ".claude.json",
    names=("mcpServers",),
    entry=_entry,
    in_folder=".mcp.json",
    program="claude",
    own=OwnCommand("claude", _add, ("mcp", "remove", NAME, "--scope", "user")),
    source="read by Claude Code 2.1.330",
)
