"""Each tool itself reads what `agentsecrets mcp install` wrote, by its own command and into its file, and connects where it can say so."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.clients import program, surroundings
from tests.parts.commands import PROGRAM, Commands, commands

TOOLS = {
    "claude-code": ("claude", ("mcp", "list"), "Connected"),
    "codex": ("codex", ("mcp", "list"), "enabled"),
    "gemini": ("gemini", ("mcp", "list"), "Connected"),
    "opencode": ("opencode", ("mcp", "list"), "connected"),
    "openclaw": ("openclaw", ("mcp", "probe", "agentsecrets"), "6 tools"),
    "copilot": ("copilot", ("mcp", "list"), "agentsecrets (local)"),
}
"""Client → its program, what to ask it, and what it says when our server is there."""
OWN = {"claude-code", "codex", "gemini", "openclaw", "copilot"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    with commands(tmp_path_factory.mktemp("eyes")) as made:
        yield made


@pytest.mark.timeout(300)
@pytest.mark.parametrize("by", ["its own command", "its file"])
@pytest.mark.parametrize("client", TOOLS)
def test_the_tool_finds_our_server_in_its_settings(client: str, by: str, desk: Commands, tmp_path: Path):
    name, words, sign = TOOLS[client]
    path = program("agents", name)
    person, work = tmp_path / "person", tmp_path / "work"
    work.mkdir()
    environment = surroundings(person, {**desk.environment, "GEMINI_CLI_TRUST_WORKSPACE": "true"}, str(Path(path).parent))
    installing = environment if by == "its own command" else {**environment, "PATH": os.environ["PATH"]}
    for verb, result in (("install", "added"), ("install", "unchanged")):
        told = _ran([PROGRAM, "mcp", verb, "--client", client, "--project", "shop", "--output", "json"], work, installing)
        assert json.loads(told)[0]["result"] == result
        if result == "added":
            assert bool(json.loads(told)[0]["by"]) is (by == "its own command" and client in OWN)
    shown = _ran([path, *words], work, environment)
    assert "agentsecrets" in shown
    assert sign in shown
    told = _ran([PROGRAM, "mcp", "uninstall", "--client", client, "--output", "json"], work, installing)
    assert json.loads(told)[0]["result"] == "removed"
    assert sign not in _said([path, *words], work, environment)


def _said(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    ended = subprocess.run(
        words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
    return ended.stdout if words[0] == PROGRAM else ended.stdout + ended.stderr


def _ran(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    ended = subprocess.run(
        words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout if words[0] == PROGRAM else ended.stdout + ended.stderr
