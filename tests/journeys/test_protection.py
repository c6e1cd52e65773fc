"""``protection show`` and ``protection set``: what they say, and what a killed change leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Counted
from tests.parts.commands import PASSWORD, PROGRAM, Commands, commands
from tests.parts.desktop import Desktop
from tests.parts.patience import wait_until

KILLS = 8


@pytest.fixture
def person(tmp_path: Path, session: Desktop) -> Iterator[Commands]:
    """Commands in that session, of somebody whose account is at level guarded."""
    with commands(tmp_path, ready=False) as made:
        made.environment["DBUS_SESSION_BUS_ADDRESS"] = session.address
        made.run("init", "--email", "ada@example.com", "--protection", "guarded", "--password-stdin", said=PASSWORD)
        made.run("project", "create", "shop")
        made.run("secrets", "set", "KEY=-", said="a-value-to-keep")
        yield made
    session.forget()


def test_it_shows_what_is_in_force_and_what_could_be_had(person: Commands, session: Desktop) -> None:
    told = person.ask("protection", "show")
    assert (told["protection"], told["keychain"]) == ("guarded", {"usable": True, "name": "Secret Service"})
    assert "agentsecrets protection set keychain" in person.run("protection", "show")
    person.environment["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"
    told = person.ask("protection", "show")
    assert (told["keychain"]["usable"], told["keychain"]["error"]) == (False, "keychain_missing")
    assert "not usable: there is no usable keychain" in person.run("protection", "show")
    assert session.items() == {}


def test_a_person_reads_what_the_level_is_worth_before_the_password(person: Commands, session: Desktop) -> None:
    for level, limit in (("keychain", "any program of your user could ask"), ("guarded", "whoever can change your program files")):
        with person.at_terminal("protection", "set", level) as screen:
            screen.wait_for(f"protection {level}")
            screen.wait_for(f"Its limit: {limit}")
            screen.answer("Password:", "not the password")
            screen.answer("Password:", PASSWORD)
            screen.wait_for(f"is at level {level} now")
            assert screen.end() == 0
        status = person.ask("status")
        assert (status["protection"], status["locked"], len(session.items())) == (level, False, int(level == "keychain"))
        assert [line["key"] for line in person.ask("secrets", "list")] == ["KEY"]


def test_a_wrong_password_moves_nothing_and_the_daemon_goes_on(person: Commands, session: Desktop) -> None:
    before = person.ask("status")["pid"]
    assert person.ask("protection", "set", "keychain", "--password-stdin", said="wrong", code=4)["error"] == "wrong_password"
    status = person.ask("status")
    assert (status["protection"], status["pid"], session.items()) == ("guarded", before, {})
    assert person.ask("protection", "set", "isolated-or-so", "--password-stdin", said=PASSWORD, code=2)["error"] == "bad_usage"
    assert person.ask("protection", "set", "keychain", code=4)["error"] == "presence_required"


def test_a_keychain_that_is_not_there_is_no_obstacle_to_leaving_it(person: Commands, session: Desktop) -> None:
    person.run("protection", "set", "keychain", "--password-stdin", said=PASSWORD)
    bus = person.environment["DBUS_SESSION_BUS_ADDRESS"]
    person.environment["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"
    ended = person.end("protection", "set", "guarded", "--password-stdin", said=PASSWORD)
    assert ended.returncode == 0, ended.stderr
    assert "did not let go of an item; it opens nothing any more" in ended.stderr
    assert person.ask("status")["protection"] == "guarded"
    assert len(session.items()) == 1
    person.environment["DBUS_SESSION_BUS_ADDRESS"] = bus
    person.run("unlock", "--password-stdin", said=PASSWORD)
    assert session.items() == {}


def test_an_idle_daemon_locks_at_level_keychain_too_and_stays_locked(person: Commands) -> None:
    person.run("protection", "set", "keychain", "--password-stdin", said=PASSWORD)
    person.run("unlock", "--idle-lock", "1s")
    wait_until(lambda: bool(person.ask("status")["locked"]))
    assert person.ask("secrets", "list", code=3)["error"] == "locked"
    assert person.ask("status")["locked_by"] == ""
    person.run("unlock", "--idle-lock", "1h")
    assert person.ask("status")["locked"] is False


def test_a_daemon_in_the_foreground_opens_itself_at_level_keychain(person: Commands) -> None:
    person.run("protection", "set", "keychain", "--password-stdin", said=PASSWORD)
    person.stop()
    with subprocess.Popen([PROGRAM, "proxy", "start", "--foreground"], env=person.environment, cwd=person.folder) as foreground:
        wait_until(lambda: person.end("proxy", "status").returncode == 0)
        status = person.ask("status")
        assert (status["pid"], status["locked"]) == (foreground.pid, False)
        foreground.terminate()


def test_a_change_that_is_killed_leaves_a_vault_that_opens(person: Commands, session: Desktop, counted: Counted) -> None:
    started = time.monotonic()
    person.run("protection", "set", "keychain", "--password-stdin", said=PASSWORD)
    whole, seen = time.monotonic() - started, []
    for kill in range(KILLS):
        level = "guarded" if person.ask("status")["protection"] == "keychain" else "keychain"
        ended = _killed(person, ("protection", "set", level, "--password-stdin"), after=whole * (0.3 + 0.7 * kill / KILLS))
        status = person.ask("status")
        seen.append("moved" if status["protection"] == level else "not moved")
        assert status["protection"] in ("guarded", "keychain")
        assert person.ask("unlock", "--password-stdin", said=PASSWORD)["protection"] == status["protection"]
        assert [line["key"] for line in person.ask("secrets", "list")] == ["KEY"]
        person.stop()
        assert person.ask("status")["locked"] is (status["protection"] == "guarded")
        assert len(session.items()) == int(status["protection"] == "keychain"), ended
    counted(f"killed {KILLS} times: {seen.count('moved')} moved, {seen.count('not moved')} not")


def _killed(person: Commands, words: tuple[str, ...], after: float) -> int:
    """Runs a command, and kills it with all that it started once it has run so long."""
    program = subprocess.Popen(
        [PROGRAM, *words],
        cwd=person.folder,
        env=person.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert program.stdin is not None
    program.stdin.write(PASSWORD.encode())
    program.stdin.close()
    deadline = time.monotonic() + after
    while program.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    if program.poll() is None:
        os.killpg(program.pid, signal.SIGKILL)
    return program.wait()
