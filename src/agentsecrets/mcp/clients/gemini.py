"""Gemini CLI. Its own command takes flags of the server for its own, so the file is edited."""

from __future__ import annotations

from agentsecrets.mcp.clients.client import Client, usual_entry

CLIENT = Client(
    name="gemini",
    title="Gemini CLI",
    settings=lambda here: here.home / ".gemini" / "settings.json",
    names=("mcpServers",),
    entry=usual_entry,
    in_folder=".gemini/settings.json",
    program="gemini",
    source="read by Gemini CLI 0.61.0",
)
