"""While root moves a vault, the user whose folder it was in has a shell, and nothing that is put there is followed, believed or destroyed.

The user's process may be ended and its folder changed at any moment: what can be lost by that is what that user could destroy anyway.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.parts.commands import PASSWORD, VALUE
from tests.parts.isolated import AGENT, STRANGER
from tests.parts.machine import SERVICE
from tests.parts.moving import BY_PASSWORD, HOME, STATE, Moving, moving

OTHERS = f"/home/{STRANGER}/.agentsecrets"


@pytest.fixture(scope="module")
def scene() -> Iterator[Moving]:
    with moving(STRANGER) as made:
        yield made


def _shell(scene: Moving, script: str, user: str = AGENT) -> str:
    return scene.machine.run("/bin/sh", "-ec", script, user=user)


def _refused(scene: Moving, *flags: str) -> str:
    """A move that must be refused and leave the service without an account, and both vaults where they are."""
    before = _shell(scene, f"cat {OTHERS}/state.db | sha256sum", "root")
    words = (SERVICE, "service", "adopt", AGENT, *flags, *BY_PASSWORD, "--output", "json")
    ended = scene.machine.end(*words, said=PASSWORD)
    assert ended.returncode != 0
    assert not scene.has(f"{STATE}/audit.db")
    assert not scene.has(f"{STATE}/arriving")
    assert _shell(scene, f"cat {OTHERS}/state.db | sha256sum", "root") == before
    return str(json.loads(ended.stdout)["error"])


@pytest.fixture
def whole(scene: Moving) -> Iterator[None]:
    """Puts the user's folder back as it was."""
    scene.machine.end("pkill", "-TERM", "--uid", AGENT)
    scene.machine.wait_for("/bin/sh", "-c", f"! pgrep --uid {AGENT}")
    _shell(scene, f"cp -a {HOME} /home/{AGENT}/kept")
    yield
    _shell(scene, f"rm -rf {HOME}; mv /home/{AGENT}/kept {HOME}", "root")


@pytest.mark.usefixtures("whole")
def test_a_folder_that_is_a_link_to_another_user_s_is_refused(scene: Moving) -> None:
    _shell(scene, f"mv {HOME} {HOME}.own; ln -s {OTHERS} {HOME}")
    assert _refused(scene) == "unsafe_state"
    _shell(scene, f"rm {HOME}; ln -s {HOME}.own {HOME}")
    assert _refused(scene) == "unsafe_state"
    _shell(scene, f"rm {HOME}; mv {HOME}.own {HOME}")


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("file", ["state.db", "audit.db", "run", "session.json"])
def test_a_part_that_is_a_link_is_refused(scene: Moving, file: str) -> None:
    _shell(scene, f"mv {HOME}/{file} {HOME}/elsewhere || touch {HOME}/elsewhere; ln -s {HOME}/elsewhere {HOME}/{file}")
    assert _refused(scene) == "unsafe_state"
    _shell(scene, f"rm {HOME}/{file}; ln -s {OTHERS}/state.db {HOME}/{file}")
    assert _refused(scene) == "unsafe_state"


@pytest.mark.usefixtures("whole")
def test_a_folder_of_somebody_else_s_is_refused_whoever_is_named(scene: Moving) -> None:
    assert _refused(scene, "--home", OTHERS) == "unsafe_state"
    _shell(scene, f"chown -R {STRANGER} {HOME}; chmod -R a+rX {HOME}", "root")
    assert _refused(scene) == "unsafe_state"
    _shell(scene, f"chown -R {AGENT} {HOME}; chmod o+w {HOME}", "root")
    assert _refused(scene) == "unsafe_state"


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON bindings BEGIN DELETE FROM bindings; END",
        "CREATE VIEW v AS SELECT 1",
        "ALTER TABLE bindings ADD COLUMN more TEXT",
        "CREATE TABLE more (x)",
        "PRAGMA user_version=2",
        "DELETE FROM account",
        "UPDATE account SET document = replace(document, 'ada@', char(27) || '[2J@')",
        "UPDATE account SET document = cast(replace(cast(document AS TEXT), 'ada@', char(27) || '[2J@') AS BLOB)",
    ],
)
def test_what_would_act_or_show_in_the_service_is_not_taken(scene: Moving, statement: str) -> None:
    script = f'import sqlite3; c = sqlite3.connect(\'{HOME}/state.db\'); c.execute("""{statement}"""); c.commit()'
    scene.machine.run("python3", "-c", script, user=AGENT)
    assert _refused(scene) in ("state_damaged", "format_unknown", "nothing_to_move")


@pytest.mark.usefixtures("whole")
def test_a_vault_as_large_as_the_disk_is_not_taken(scene: Moving) -> None:
    _shell(scene, f"truncate -s 60T {HOME}/audit.db || truncate -s 8T {HOME}/audit.db")
    assert _refused(scene) in ("state_unwritable", "state_damaged")


@pytest.mark.usefixtures("whole")
def test_the_user_s_process_has_no_terminal_and_nothing_of_root_s(scene: Moving) -> None:
    with scene.machine.at_terminal(SERVICE, "service", "adopt", AGENT, "--port", str(scene.port)) as terminal:
        terminal.wait_for("Password: ")
        (pid,) = scene.machine.pids(AGENT)
        status = scene.machine.run("cat", f"/proc/{pid}/status")
        assert len(set(status.split("Uid:")[1].split("\n")[0].split())) == 1
        assert status.split("Groups:")[1].split("\n")[0].split() == []
        assert scene.machine.run("ps", "-o", "tty=,sid=", "-p", str(pid)).split() == ["?", str(pid)]
        environment = scene.machine.run("/bin/sh", "-c", f"tr '\\0' '\\n' < /proc/{pid}/environ | cut -d= -f1 | sort").split()
        assert environment == ["HOME", "LANG", "PATH"]
        assert scene.machine.attack("open", AGENT, pids=[pid]) == []
        scene.machine.run("kill", "-KILL", str(pid), user=AGENT)
        terminal.type(PASSWORD)
        assert terminal.end() == 3, terminal.shown
    assert "broken off" in terminal.shown
    assert scene.has(f"{HOME}/state.db"), "nobody was there to remove it"
    scene.adopt()
    scene.uses()
    scene.release()
    scene.begin_by_hand()
    _shell(scene, f"rm -rf {STATE}/accounts", "root")


@pytest.mark.usefixtures("whole")
def test_a_vault_that_is_swapped_while_the_password_is_typed_is_not_taken_and_not_removed(scene: Moving) -> None:
    with scene.machine.at_terminal(SERVICE, "service", "adopt", AGENT, "--port", str(scene.port)) as terminal:
        terminal.wait_for("Password: ")
        assert f"From {HOME} of the user {AGENT}" in terminal.shown
        _shell(scene, f"cp {HOME}/state.db {HOME}/new; echo swapped >> {HOME}/new; mv {HOME}/new {HOME}/state.db")
        terminal.type(PASSWORD)
        assert terminal.end() == 6, terminal.shown
    assert "nothing there was removed" in terminal.shown
    assert "swapped" in _shell(scene, f"tail -c 8 {HOME}/state.db")
    scene.uses()
    assert scene.machine.run(SERVICE, "secrets", "get", "KEY", *BY_PASSWORD, said=PASSWORD) == VALUE + "\n"
    assert "nothing there was removed" in scene.adopt(code=6), "nor by a second move"
    scene.uses()
