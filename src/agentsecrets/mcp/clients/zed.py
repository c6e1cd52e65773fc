"""Zed: settings with comments, the servers under ``context_servers``."""

from __future__ import annotations

from pathlib import Path

from agentsecrets.mcp.clients.client import Client, Command, Entry, Surroundings


def _settings(here: Surroundings) -> Path:
    folder = here.home / ".config" / "zed" if here.platform == "darwin" else here.application("Zed" if here.platform == "win32" else "zed")
    return folder / "settings.json"


def _entry(command: Command) -> Entry:
    return {**command.entry(source="custom"), "env": dict(command.variables)}


CLIENT = Client(
    name="zed",
    title="Zed",
    settings=_settings,
    names=("context_servers",),
    entry=_entry,
    in_folder=".zed/settings.json",
    program="zed",
    source="zed.dev/docs, Model Context Protocol",
)
