"""Cursor."""

from __future__ import annotations

from agentsecrets.mcp.clients.client import Client, usual_entry

CLIENT = Client(
    name="cursor",
    title="Cursor",
    settings=lambda here: here.home / ".cursor" / "mcp.json",
    names=("mcpServers",),
    entry=usual_entry,
    in_folder=".cursor/mcp.json",
    program="cursor",
    source="read by mcporter 0.12.3",
)
