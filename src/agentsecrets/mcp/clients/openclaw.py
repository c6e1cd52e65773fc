"""OpenClaw: the servers stand two levels deep."""

from __future__ import annotations

from agentsecrets.mcp.clients.client import Client, usual_entry

CLIENT = Client(
    name="openclaw",
    title="OpenClaw",
    settings=lambda here: here.home / ".openclaw" / "openclaw.json",
    names=("mcp", "servers"),
    entry=usual_entry,
    program="openclaw",
    source="read by OpenClaw 2026.9.6",
)
