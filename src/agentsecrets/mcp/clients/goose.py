"""Goose: YAML, the servers under ``extensions``."""

from __future__ import annotations

from pathlib import Path

from agentsecrets.mcp.clients.client import NAME, Client, Command, Entry, Surroundings

_SECONDS = 300


def _settings(here: Surroundings) -> Path:
    if here.platform == "win32":
        return here.application("Block", "goose", "config", "config.yaml")
    return here.config("goose", "config.yaml")


def _entry(command: Command) -> Entry:
    return {
        "name": NAME,
        "description": "Call APIs with secrets that stay hidden",
        "type": "stdio",
        "enabled": True,
        "cmd": command.program,
        "args": list(command.words),
        "envs": dict(command.variables),
        "timeout": _SECONDS,
    }


CLIENT = Client(
    name="goose",
    title="Goose",
    settings=_settings,
    names=("extensions",),
    entry=_entry,
    language="yaml",
    program="goose",
    source="block.github.io/goose, Configuration Overview",
)
