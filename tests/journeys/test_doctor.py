"""``doctor``: says what is not well and what mends it, whatever state the machine is in; it changes nothing and shows no value."""

from __future__ import annotations

import json
import shlex
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.parts.commands import PROGRAM, VALUE, Commands, commands
from tests.parts.impostor import impostor

CANARY = "canary-in-a-variable-8f3a"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Commands]:
    """Somebody with an account, whose home folder holds no other tools."""
    with commands(tmp_path / "desk") as made:
        _settle(made, tmp_path)
        yield made


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Commands]:
    """Somebody who has nothing yet."""
    with commands(tmp_path / "desk", ready=False) as made:
        _settle(made, tmp_path)
        yield made


def _settle(person: Commands, home: Path) -> None:
    person.environment |= {"HOME": str(home), "PATH": f"{Path(PROGRAM).parent}:/usr/bin:/bin"}


def _findings(person: Commands, code: int = 0) -> list[tuple[str, str, str, str]]:
    told = person.ask("doctor", code=code)
    assert told["ok"] is (code == 0)
    return [(one["check"], one["state"], one["found"], one["mend"]) for one in told["checks"]]


def _of(person: Commands, check: str, code: int = 0) -> list[tuple[str, str, str]]:
    return [(state, found, mend) for name, state, found, mend in _findings(person, code) if name == check]


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_newcomer_learns_what_to_do_first_and_nothing_is_made(fresh: Commands) -> None:
    assert _of(fresh, "state folder") == [("warn", f"{fresh.home} is not there: there is no account on this machine", "agentsecrets init")]
    assert _of(fresh, "daemon") == []
    assert not fresh.home.exists()
    assert "→ agentsecrets init" in fresh.run("doctor")


def test_all_is_well_where_all_is_well(desk: Commands) -> None:
    desk.run("secrets", "set", "KEY=-", said=VALUE)
    desk.run("mcp", "install", "--client", "cursor")
    ended = desk.end("doctor")
    assert ended.returncode == 0
    assert VALUE not in ended.stdout + ended.stderr
    states = {name: state for name, state, _, _ in reversed(_findings(desk))}
    for name in ("program", "state folder", "disk", "trust store", "daemon", "vault", "log", "clock", "project", "AI tools"):
        assert states[name] == "ok", name
    assert _of(desk, "vault")[1][2] == "agentsecrets password recovery"
    assert _of(desk, "allowlist") == [
        ("warn", "it is empty, so nothing may be reached", "agentsecrets workspace allowlist add DOMAIN"),
    ]


def test_it_neither_starts_nor_changes_anything(desk: Commands) -> None:
    desk.stop()
    before = _content(desk.home)
    assert _of(desk, "daemon") == [("warn", "it is not running; commands start it, locked", "agentsecrets unlock")]
    assert _content(desk.home) == before
    assert desk.end("proxy", "status").returncode == 5


def test_a_locked_vault_is_something_to_look_at(desk: Commands) -> None:
    desk.run("lock")
    assert _of(desk, "vault")[0] == ("warn", "locked: no call can use a secret", "agentsecrets unlock")
    assert _of(desk, "project") == []


def test_what_mends_an_open_folder_mends_it(desk: Commands) -> None:
    desk.home.chmod(0o755)
    [(state, _, mend)] = _of(desk, "state folder")
    assert (state, mend) == ("warn", f"chmod 700 {desk.home}")
    desk.home.chmod(0o777)
    [(state, found, _)] = _of(desk, "state folder", code=3)
    assert (state, found) == ("fail", f"the state folder is not safe to use: others may write to {desk.home}")
    subprocess.run(shlex.split(mend), check=True)
    assert _of(desk, "state folder")[0][0] == "ok"


@pytest.mark.parametrize("kind", ["file", "link", "damaged", "settings", "lost", "empty"])
def test_a_broken_state_folder_is_described_and_left_as_it_is(desk: Commands, kind: str) -> None:
    desk.stop()
    if kind == "damaged":
        (desk.home / "state.db").write_bytes(b"no database")
    elif kind == "settings":
        (desk.home / "config.json").write_text('{"port": "x"}')
    elif kind == "lost":
        (desk.home / "state.db").unlink()
    elif kind == "link":
        desk.home.rename(desk.home.with_name("elsewhere"))
        desk.home.symlink_to("elsewhere")
    else:
        desk.home.rename(desk.home.with_name("elsewhere"))
        desk.home.write_text("x") if kind == "file" else desk.home.mkdir(mode=0o700)
    before = _content(desk.home.parent)
    found = _of(desk, "state folder", code=0 if kind == "empty" else 3)
    assert found[0][0] == ("warn" if kind == "empty" else "fail")
    assert all(mend for _, _, mend in found)
    assert _content(desk.home.parent) == before
    if kind in ("file", "link"):
        desk.home.unlink()


def test_a_log_that_was_altered_is_a_failure(desk: Commands) -> None:
    desk.run("call", "--url", "https://api.example.com/", "--bearer", "KEY", code=4)
    with sqlite3.connect(desk.home / "audit.db") as rows:
        rows.execute("UPDATE events SET payload = CAST(replace(payload, 'api.example.com', 'api.example.net') AS BLOB) WHERE idx = 0")
    [(state, found, mend)] = _of(desk, "log", code=3)
    assert (state, found) == ("fail", "the log does not hold together at index 0")
    assert "agentsecrets log verify" in mend


@pytest.mark.parametrize("mode", ["garbage", "html", "close", "99.0.0"])
def test_a_stranger_on_the_socket_or_another_version_is_named(desk: Commands, mode: str) -> None:
    desk.stop()
    with impostor(desk.home, mode):
        told = _of(desk, "daemon", code=3)
    assert told
    assert all(state == "fail" and mend for state, _, mend in told)
    assert "99.0.0" in told[-1][1] or mode != "99.0.0"


def test_a_stranger_on_the_port_is_named_before_the_daemon_is_needed(desk: Commands) -> None:
    desk.stop()
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        port = squatter.getsockname()[1]
        (desk.home / "config.json").write_text(json.dumps({"port": port, "idle_lock_s": 60}))
        [(found, mend)] = [(found, mend) for state, found, mend in _of(desk, "daemon", code=3) if state == "fail"]
        assert found == f"another process holds port {port}: the daemon cannot start"
        assert "agentsecrets proxy start --port PORT" in mend


def test_variables_are_named_and_never_what_they_say(desk: Commands) -> None:
    desk.environment |= dict.fromkeys(("AGENTSECRETS_PASSWORD", "AGENTSECRETS_ENVIRONMENT", "LD_LIBRARY_PATH", "PYTHONPATH"), CANARY)
    ended = desk.end("doctor")
    assert CANARY not in ended.stdout + ended.stderr
    told = _of(desk, "variables")
    assert {mend for _, _, mend in told} >= {
        f"unset {name}" for name in desk.environment if name.startswith(("AGENTSECRETS_", "LD_", "PYTHON"))
    }
    assert {state for state, _, _ in told} == {"warn"}


def test_a_tool_that_starts_what_is_gone_or_cannot_be_read_is_named(desk: Commands, tmp_path: Path) -> None:
    desk.run("mcp", "install", "--client", "cursor", "--client", "zed")
    settings = tmp_path / ".cursor" / "mcp.json"
    entry: dict[str, Any] = json.loads(settings.read_text())
    entry["mcpServers"]["agentsecrets"]["command"] = "/gone/agentsecrets"
    settings.write_text(json.dumps(entry))
    (tmp_path / ".config/zed/settings.json").write_text("{ broken")
    (desk.folder / ".vscode").mkdir()
    (desk.folder / ".vscode" / "mcp.json").write_text("{ broken too")
    told = _of(desk, "AI tools", code=3)
    assert ("fail", "Cursor is to start /gone/agentsecrets, which is not there", "agentsecrets mcp install --client cursor") in told
    assert sorted(state for state, _, _ in told) == ["fail", "warn", "warn"]
    desk.run("mcp", "install", "--client", "cursor")
    assert [state for state, found, _ in _of(desk, "AI tools") if found.startswith("Cursor")] == ["ok"]


def test_a_cloned_project_file_is_told_of(desk: Commands) -> None:
    file = desk.folder / ".agentsecrets" / "project.json"
    file.write_text(file.read_text().replace("development", "staging"))
    [(state, found, mend)] = _of(desk, "project")
    assert (state, mend) == ("warn", "look at it, then: agentsecrets project use")
    assert str(file) in found
    file.write_text("no json at all")
    assert _of(desk, "project")[0][2] == "mend that file or remove it, then: agentsecrets project use NAME"


def test_states_are_coloured_on_a_terminal(desk: Commands) -> None:
    with desk.at_terminal("doctor") as screen:
        assert screen.end() == 0
        assert "\x1b[32mok  \x1b[0m  program" in screen.shown
        assert " to mend" in screen.shown
