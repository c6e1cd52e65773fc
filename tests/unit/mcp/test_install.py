"""Each tool's settings: our entry comes in and goes out, and nobody else's word is lost."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from agentsecrets.mcp.clients import ALL
from agentsecrets.mcp.clients.client import Client, Command, OwnCommand, Surroundings, usual_entry
from agentsecrets.mcp.formats import BY_NAME
from agentsecrets.mcp.install import ABSENT, ADDED, CHANGED, FAILED, REMOVED, THERE, UNCHANGED, Installer, is_ours
from agentsecrets.mcp.settings import BACKUP

COMMAND = Command("/opt/bin/agentsecrets", ("mcp", "serve", "--project", "shop"))
EACH = pytest.mark.parametrize("client", ALL, ids=lambda client: client.name)
TOKEN = "token-of-somebody-else"


def _installer(home: Path, *, path: str = "", command: Command = COMMAND, **further: Any) -> Installer:
    return Installer(Surroundings(home, {"PATH": path, "HOME": str(home)}, "linux"), command, **further)


def _others(client: Client) -> str:
    """Settings in which another server stands, with a token of its own."""
    names = client.names
    if client.language == "toml":
        return f'# mine\n[{names[0]}.other]\ncommand = "x"\nenv = {{ TOKEN = "{TOKEN}" }}\n'
    if client.language == "yaml":
        return f"# mine\n{names[0]}:\n  other:\n    cmd: x\n    envs:\n      TOKEN: {TOKEN}\n"
    opening = "".join(f'"{name}": {{' for name in names)
    return f'// mine\n{{{opening}"other": {{"env": {{"TOKEN": "{TOKEN}"}}}}{"}" * len(names)}, "theme": "dark"}}\n'


@EACH
def test_an_entry_comes_into_empty_settings_and_goes_out_again(client: Client, tmp_path: Path):
    installer = _installer(tmp_path)
    assert installer.state(client).result == ABSENT
    outcome = installer.install(client)
    assert (outcome.result, outcome.failure) == (ADDED, None)
    assert stat.S_IMODE(outcome.path.stat().st_mode) == 0o600
    assert is_ours(installer.settings(client).entry())
    assert installer.state(client).result == THERE
    written = outcome.path.read_bytes()
    assert installer.install(client).result == UNCHANGED
    assert outcome.path.read_bytes() == written
    assert installer.uninstall(client).result == REMOVED
    assert installer.state(client).result == ABSENT
    assert installer.uninstall(client).result == ABSENT


@EACH
def test_what_others_wrote_stays_and_the_old_file_is_kept_beside_it(client: Client, tmp_path: Path):
    installer = _installer(tmp_path)
    path = installer.settings(client).path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_others(client))
    path.chmod(0o640)
    before = BY_NAME[client.language].read(path.read_text())
    assert installer.install(client).result == ADDED
    backup = path.with_name(path.name + BACKUP)
    assert backup.read_text() == _others(client)
    assert stat.S_IMODE(backup.stat().st_mode) == stat.S_IMODE(path.stat().st_mode) == 0o640
    assert "mine" in path.read_text()
    assert installer.uninstall(client).result == REMOVED
    assert BY_NAME[client.language].read(path.read_text()) == before
    assert sorted(file.name for file in path.parent.iterdir()) == sorted([path.name, backup.name])


@EACH
def test_a_dry_run_writes_nothing(client: Client, tmp_path: Path):
    assert _installer(tmp_path, dry=True).install(client).result == ADDED
    assert not list(tmp_path.iterdir())


@EACH
def test_another_server_of_our_name_is_left_alone(client: Client, tmp_path: Path):
    installer = _installer(tmp_path)
    settings = installer.settings(client)
    settings.put({"command": "/usr/bin/something", "args": ["mcp", "serve"]})
    written = settings.path.read_bytes()
    outcome = installer.install(client)
    assert outcome.failure is not None
    assert (outcome.result, outcome.failure.slug) == (FAILED, "settings_taken")
    assert installer.uninstall(client).result == ABSENT
    assert settings.path.read_bytes() == written


@EACH
def test_an_older_entry_of_ours_is_renewed_and_what_a_person_added_is_kept(client: Client, tmp_path: Path):
    older, newer = _installer(tmp_path, command=Command("/old/agentsecrets", ("mcp", "serve"))), _installer(tmp_path)
    older.install(client)
    settings = newer.settings(client)
    settings.put({**settings.entry(), "disabled": True})
    assert newer.install(client).result == CHANGED
    entry = settings.entry()
    assert entry["disabled"] is True
    assert "/opt/bin/agentsecrets" in json.dumps(entry)
    assert "/old/agentsecrets" not in json.dumps(entry)


@EACH
@pytest.mark.parametrize("content", [b"{ not settings", b"\xff\xfe", b"[1]\n- [", b'{"a": 1, "a": 2}\na: 1\na: 2\n'])
def test_settings_that_cannot_be_read_are_not_touched(client: Client, tmp_path: Path, content: bytes):
    installer = _installer(tmp_path)
    path = installer.settings(client).path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    for outcome in (installer.state(client), installer.install(client), installer.uninstall(client)):
        assert outcome.failure is not None
        assert outcome.failure.slug == "settings_unreadable"
    assert path.read_bytes() == content
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@EACH
def test_settings_that_may_not_be_written_are_not(client: Client, tmp_path: Path):
    installer = _installer(tmp_path)
    path = installer.settings(client).path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_others(client))
    path.chmod(0o444)
    outcome = installer.install(client)
    assert outcome.failure is not None
    assert outcome.failure.slug == "settings_unwritable"
    assert "read-only" in outcome.failure.message
    assert TOKEN not in outcome.failure.message + outcome.failure.hint
    assert path.read_text() == _others(client)


@EACH
def test_a_link_stays_a_link(client: Client, tmp_path: Path):
    installer = _installer(tmp_path / "home")
    path = installer.settings(client).path
    path.parent.mkdir(parents=True)
    kept = tmp_path / "dotfiles"
    kept.write_text(_others(client))
    path.symlink_to(kept)
    assert installer.install(client).result == ADDED
    assert path.is_symlink()
    assert "agentsecrets" in kept.read_text()


@pytest.mark.parametrize("client", [client for client in ALL if client.in_folder], ids=lambda client: client.name)
def test_a_link_in_a_repository_leads_nowhere_else(client: Client, tmp_path: Path):
    folder, outside = tmp_path / "repository", tmp_path / "outside"
    installer = _installer(tmp_path / "home", folder=folder)
    path = installer.settings(client).path
    path.parent.mkdir(parents=True)
    outside.write_text(_others(client))
    path.symlink_to(outside)
    outcome = installer.install(client)
    assert outcome.failure is not None
    assert outcome.failure.slug == "settings_unwritable"
    assert outside.read_text() == _others(client)


@EACH
def test_what_is_no_file_is_not_read(client: Client, tmp_path: Path):
    installer = _installer(tmp_path)
    path = installer.settings(client).path
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    outcome = installer.install(client)
    assert outcome.failure is not None
    assert outcome.failure.slug == "settings_unreadable"


def test_a_way_that_is_no_object_is_refused(tmp_path: Path):
    client = next(client for client in ALL if client.name == "cursor")
    installer = _installer(tmp_path)
    path = installer.settings(client).path
    path.parent.mkdir(parents=True)
    path.write_text('{"mcpServers": ["x"]}')
    outcome = installer.install(client)
    assert outcome.failure is not None
    assert outcome.failure.slug == "settings_unreadable"
    assert path.read_text() == '{"mcpServers": ["x"]}'


def test_variables_choose_where_settings_lie(tmp_path: Path):
    by_name = {client.name: client for client in ALL}
    chosen = {"CODEX_HOME": "/c", "COPILOT_HOME": "/p", "CLAUDE_CONFIG_DIR": "/d", "XDG_CONFIG_HOME": "/x"}
    here = Surroundings(tmp_path, chosen, "linux")
    found = {name: str(by_name[name].settings(here)) for name in ("codex", "copilot", "claude-code", "vscode", "zed", "goose", "opencode")}
    assert found == {
        "codex": "/c/config.toml",
        "copilot": "/p/mcp-config.json",
        "claude-code": "/d/.claude.json",
        "vscode": "/x/Code/User/mcp.json",
        "zed": "/x/zed/settings.json",
        "goose": "/x/goose/config.yaml",
        "opencode": "/x/opencode/opencode.json",
    }
    mac, windows = Surroundings(Path("/u"), {}, "darwin"), Surroundings(Path("/u"), {"APPDATA": "/a"}, "win32")
    desktop = by_name["claude-desktop"].settings
    assert str(desktop(mac)) == "/u/Library/Application Support/Claude/claude_desktop_config.json"
    assert str(desktop(windows)) == "/a/Claude/claude_desktop_config.json"
    assert str(by_name["goose"].settings(windows)) == "/a/Block/goose/config/config.yaml"


def test_only_tools_that_are_here_are_found(tmp_path: Path):
    assert _installer(tmp_path).found() == []
    (tmp_path / ".cursor").mkdir()
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "codex").write_text("#!/bin/sh\n")
    (programs / "codex").chmod(0o755)
    assert [client.name for client in _installer(tmp_path, path=str(programs)).found()] == ["cursor", "codex"]


def _tool(folder: Path, script: str) -> Client:
    """A tool with a command of its own, which does what the script says."""
    program = folder / "tool"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    own = OwnCommand("tool", lambda command: ["add", command.program, *command.words], ("remove",))
    return Client("tool", "Tool", lambda here: here.home / "tool.json", ("mcpServers",), usual_entry, "a test", own=own)


def test_a_tools_own_command_is_used_where_there_is_one(tmp_path: Path):
    entry = json.dumps({"mcpServers": {"agentsecrets": COMMAND.entry(type="stdio")}})
    client = _tool(tmp_path, f"case $1 in add) echo '{entry}' > $HOME/tool.json;; remove) echo '{{}}' > $HOME/tool.json;; esac")
    installer = _installer(tmp_path, path=f"{tmp_path}:{os.environ['PATH']}")
    outcome = installer.install(client)
    assert (outcome.result, outcome.by) == (ADDED, f"{tmp_path}/tool add /opt/bin/agentsecrets mcp serve --project shop")
    assert json.loads((tmp_path / "tool.json").read_text())["mcpServers"]["agentsecrets"]["type"] == "stdio"
    assert installer.install(client).result == UNCHANGED
    outcome = installer.uninstall(client)
    assert (outcome.result, outcome.by) == (REMOVED, f"{tmp_path}/tool remove")


@pytest.mark.parametrize("script", ["exit 1", "exit 0", "kill -9 $$", "echo '{\"mcpServers\": {}}' > $HOME/tool.json"])
def test_where_its_own_command_does_not_do_it_the_file_is_edited(tmp_path: Path, script: str):
    client = _tool(tmp_path, script)
    installer = _installer(tmp_path, path=f"{tmp_path}:{os.environ['PATH']}")
    outcome = installer.install(client)
    assert (outcome.result, outcome.by) == (ADDED, "")
    assert installer.state(client).result == THERE
    assert installer.uninstall(client).result == REMOVED
    assert installer.state(client).result == ABSENT


@pytest.mark.parametrize(
    ("entry", "ours"),
    [
        ({"command": "agentsecrets", "args": ["mcp", "serve"]}, True),
        ({"command": "/x/agentsecrets", "args": ["mcp", "serve", "--project", "a"]}, True),
        ({"command": ["/x/agentsecrets", "mcp", "serve"]}, True),
        ({"cmd": "agentsecrets", "args": ["mcp", "serve"]}, True),
        ({"command": "python3", "args": ["-m", "agentsecrets.cli", "mcp", "serve"]}, True),
        ({"command": "agentsecrets", "args": ["exec"]}, False),
        ({"command": "other", "args": ["mcp", "serve"]}, False),
        ({"url": "https://example.com"}, False),
        ("agentsecrets mcp serve", False),
        (None, False),
        ({"command": None, "args": [1, None]}, False),
    ],
)
def test_an_entry_of_ours_is_known_in_every_shape(entry: Any, *, ours: bool):
    assert is_ours(entry) is ours
