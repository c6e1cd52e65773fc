"""Windsurf."""

from __future__ import annotations

from pathlib import Path

from agentsecrets.mcp.clients.client import Client, Surroundings, usual_entry


def _settings(here: Surroundings) -> Path:
    folder = here.application("Codeium") if here.platform == "win32" else here.home / ".codeium"
    return folder / "windsurf" / "mcp_config.json"


CLIENT = Client(
    name="windsurf",
    title="Windsurf",
    settings=_settings,
    names=("mcpServers",),
    entry=usual_entry,
    program="windsurf",
    source="read by mcporter 0.12.3",
)
