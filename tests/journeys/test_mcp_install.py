"""``mcp install`` and ``mcp uninstall``: the tools on a machine get our server, by a person or a script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.parts.commands import PASSWORD, PROGRAM, VALUE, Commands, commands


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Commands]:
    with commands(tmp_path / "desk", ready=False) as made:
        made.environment["HOME"] = str(tmp_path)
        made.environment["PATH"] = str(Path(PROGRAM).parent)
        yield made


def _results(told: list[dict[str, Any]]) -> dict[str, str]:
    return {line["client"]: line["result"] for line in told}


def test_every_tool_is_listed_with_its_file(desk: Commands, tmp_path: Path):
    told = desk.ask("mcp", "install", "--list")
    assert len(told) == 12
    assert set(_results(told).values()) == {"not there"}
    assert all(line["settings"].startswith(str(tmp_path)) for line in told)
    assert "│ claude-code    │ not there" in desk.run("mcp", "install", "--list")


def test_tools_that_are_here_get_our_server_once(desk: Commands, tmp_path: Path):
    assert "--client NAME" in desk.run("mcp", "install", code=5)
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".codex" / "config.toml").write_text('model = "x" # mine\n')
    assert "would be added" in desk.run("mcp", "install", "--dry-run")
    assert not (tmp_path / ".cursor" / "mcp.json").exists()
    assert _results(desk.ask("mcp", "install")) == {"cursor": "added", "codex": "added"}
    assert _results(desk.ask("mcp", "install")) == {"cursor": "unchanged", "codex": "unchanged"}
    entry = json.loads((tmp_path / ".cursor" / "mcp.json").read_text())["mcpServers"]["agentsecrets"]
    assert entry == {"command": PROGRAM, "args": ["mcp", "serve"], "env": {"AGENTSECRETS_HOME": str(desk.home)}}
    assert "# mine" in (tmp_path / ".codex" / "config.toml").read_text()
    told = _results(desk.ask("mcp", "uninstall"))
    assert {name for name, result in told.items() if result == "removed"} == {"cursor", "codex"}


def test_a_project_is_named_when_it_is_given(desk: Commands, tmp_path: Path):
    desk.run("mcp", "install", "--client", "zed", "--project", "shop", "--environment", "staging")
    args = json.loads((tmp_path / ".config/zed/settings.json").read_text())["context_servers"]["agentsecrets"]["args"]
    assert args == ["mcp", "serve", "--project", "shop", "--environment", "staging"]
    assert _results(desk.ask("mcp", "install", "--client", "zed")) == {"zed": "changed"}


def test_a_folders_settings_name_the_program_without_its_path(desk: Commands):
    desk.run("mcp", "install", "--client", "claude-code", "--client", "vscode", "--in-folder")
    servers = json.loads((desk.folder / ".mcp.json").read_text())["mcpServers"]
    assert servers == {"agentsecrets": {"type": "stdio", "command": "agentsecrets", "args": ["mcp", "serve"]}}
    assert (desk.folder / ".vscode" / "mcp.json").exists()
    desk.run("mcp", "install", "--client", "windsurf", "--in-folder", code=2)
    desk.run("mcp", "uninstall", "--in-folder")
    assert json.loads((desk.folder / ".mcp.json").read_text()) == {"mcpServers": {}}


def test_one_tool_that_cannot_be_written_does_not_stop_the_others(desk: Commands, tmp_path: Path):
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor" / "mcp.json").write_text('{"mcpServers": {\n  "x": {"env": {"TOKEN": "token-of-somebody"}\n')
    ended = desk.end("mcp", "install", "--client", "cursor", "--client", "goose", "--output", "json")
    assert ended.returncode == 3
    assert _results(json.loads(ended.stdout)) == {"cursor": "failed", "goose": "added"}
    assert "line 3 of" in ended.stderr
    assert "token-of-somebody" not in ended.stdout + ended.stderr
    assert "token-of-somebody" in (tmp_path / ".cursor" / "mcp.json").read_text()


def test_no_value_token_or_password_is_written_anywhere(desk: Commands, tmp_path: Path):
    desk.set_up()
    desk.run("secrets", "set", "KEY", said=VALUE)
    session = desk.run("proxy", "token").strip()
    names = [line["client"] for line in desk.ask("mcp", "install", "--list")]
    desk.end("mcp", "install", *(word for name in names for word in ("--client", name)), "--output", "json")
    written = [path for path in tmp_path.rglob("*") if path.is_file() and desk.home not in path.parents]
    assert len(written) >= len(names)
    for path in written:
        content = path.read_bytes()
        assert not [word for word in (VALUE, PASSWORD, session) if word.encode() in content], path
