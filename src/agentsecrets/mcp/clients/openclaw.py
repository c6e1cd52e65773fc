"""OpenClaw: the servers stand two levels deep."""

from __future__ import annotations

from agentsecrets.mcp.clients.client import NAME, Client, Command, OwnCommand, usual_entry, with_variables


def _add(command: Command) -> list[str]:
    words = [f"--arg={word}" for word in command.words]
    return ["mcp", "add", NAME, "--command", command.program, *words, *with_variables("--env", command), "--no-probe"]


CLIENT = Client(
    name="openclaw",
    title="OpenClaw",
    settings=lambda here: here.home / ".openclaw" / "openclaw.json",
    names=("mcp", "servers"),
    entry=usual_entry,
    program="openclaw",
    own=OwnCommand("openclaw", _add, ("mcp", "unset", NAME)),
    source="read by OpenClaw 2026.9.6",
)
