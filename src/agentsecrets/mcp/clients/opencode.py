"""OpenCode: one list holds program and arguments, and the file may have comments."""

from __future__ import annotations

from pathlib import Path

from agentsecrets.mcp.clients.client import Client, Command, Entry, Surroundings


def _settings(here: Surroundings) -> Path:
    plain, commented = (here.config("opencode", name) for name in ("opencode.json", "opencode.jsonc"))
    return commented if commented.exists() and not plain.exists() else plain


def _entry(command: Command) -> Entry:
    environment = {"environment": dict(command.variables)} if command.variables else {}
    return {"type": "local", "command": [command.program, *command.words], "enabled": True, **environment}


CLIENT = Client(
    name="opencode",
    title="OpenCode",
    settings=_settings,
    names=("mcp",),
    entry=_entry,
    in_folder="opencode.json",
    program="opencode",
    source="read by OpenCode 1.18.33",
)
