"""What a program of the same user can do at level ``keychain``, and what it cannot; and what a keychain that is not the system's gets.

The first half succeeds, and says what the level is worth. The second half is what holds all the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agentsecrets.crypto.levels import open_by_keychain, read_item, written_item
from agentsecrets.storage.state_db import StateDb
from tests.parts.commands import PASSWORD, PROGRAM, VALUE, Commands, commands
from tests.parts.desktop import Desktop, desktop
from tests.parts.hostile_keychain import HostileKeychain
from tests.parts.ordinary_user import REPOSITORY, OrdinaryUser, ordinary_user
from tests.parts.tls import TlsUpstream

pytestmark = pytest.mark.other_uid
FOREIGN = written_item(bytes(32)).encode()


@dataclass(frozen=True)
class Scene:
    """Somebody's commands and desktop session, and somebody of the same name who attacks."""

    person: Commands
    attacker: OrdinaryUser
    session: Desktop

    @property
    def daemon(self) -> int:
        return int(self.person.ask("status")["pid"])

    def steal(self) -> Any:
        """What the attacker gets by asking the keychain."""
        command = [sys.executable, "-m", "tests.parts.keychain_thief", str(self.person.home)]
        environment = {"PATH": os.environ["PATH"], "DBUS_SESSION_BUS_ADDRESS": self.session.address}
        stolen = subprocess.run(
            command, cwd=REPOSITORY, env=environment, check=True, capture_output=True, timeout=60, **self.attacker.become
        )
        return json.loads(stolen.stdout)


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A vault at level keychain that holds one value."""
    with (
        ordinary_user(known=True) as user,
        desktop(user.folder / "session", user.uid) as session,
        commands(user.folder, ready=False, uid=user.uid) as person,
    ):
        person.environment["DBUS_SESSION_BUS_ADDRESS"] = session.address
        person.run("init", "--email", "ada@example.com", "--protection", "keychain", "--password-stdin", said=PASSWORD)
        person.run("project", "create", "shop")
        person.run("secrets", "set", "KEY=-", said=VALUE)
        yield Scene(person, user, session)


# --- what it can do: the limits of the level --------------------------------------------------------------------------------------------


def test_it_can_ask_the_keychain_and_open_every_value_with_what_lies_on_the_disk(scene: Scene) -> None:
    stolen = scene.steal()
    assert (len(stolen["items"]), stolen["values"]) == (1, [VALUE])


def test_it_can_run_a_command_with_the_values_and_open_a_vault_that_was_locked(scene: Scene) -> None:
    assert scene.person.run("env", "--no-mask", "--", "sh", "-c", 'printf %s "$KEY"') == VALUE
    scene.person.run("lock")
    assert scene.person.ask("unlock")["locked"] is False


def test_at_guarded_the_keychain_has_nothing_and_neither_works(scene: Scene) -> None:
    item = scene.steal()["items"][0]
    scene.person.run("protection", "set", "guarded", "--password-stdin", said=PASSWORD)
    assert scene.steal() == {"items": [], "values": [], "seeds": []}
    assert "this needs a person" in scene.person.run("env", "--", "true", code=4)
    scene.person.run("lock")
    assert scene.person.ask("unlock", code=4)["error"] == "presence_required"
    with scene.session.collection() as collection:  # the item that it kept opens nothing that is there now
        collection.create_item("kept", {"service": "agentsecrets", "username": "kept"}, item.encode())
    assert scene.steal() == {"items": [item], "values": [], "seeds": []}


# --- what it cannot do ------------------------------------------------------------------------------------------------------------------


def test_it_cannot_sign_for_the_person(scene: Scene) -> None:
    for words in (
        ("workspace", "allowlist", "add", "evil.example.com"),
        ("secrets", "get", "KEY"),
        ("protection", "set", "guarded"),
        ("password", "recovery", "--recovery-file", str(scene.attacker.folder / "words")),
    ):
        assert scene.person.ask(*words, code=4)["error"] == "presence_required"
    assert "this needs a person" in scene.person.run("env", "--remember", "--", "true", code=4)
    assert scene.person.ask("workspace", "allowlist", "list") == []
    assert scene.person.ask("call", "--url", "https://evil.example.com/", "--bearer", "KEY", code=4)["body"]


def test_it_can_open_nothing_of_a_daemon_that_opened_itself(scene: Scene) -> None:
    scene.person.stop()
    assert scene.person.ask("status")["locked"] is False
    assert scene.attacker.attack("open", pids=[scene.daemon]) == []


def test_lurking_and_opening_every_process_at_its_start_shows_neither_item_nor_key_nor_value_nor_password(scene: Scene) -> None:
    stolen = scene.steal()
    item, seeds = stolen["items"][0], [f"hex:{seed}" for seed in stolen["seeds"]]
    scene.person.stop()
    with scene.attacker.attacking("lurk") as lurker, TlsUpstream() as upstream:
        assert lurker.stdin is not None
        assert lurker.stdout is not None
        assert lurker.stdout.readline() == b"lurking\n"
        scene.person.run("status")
        scene.person.allow(upstream)
        scene.person.run("call", "--url", upstream.url("/leak/plain"), "--bearer", "KEY")
        lurker.stdin.write(json.dumps([item, *seeds, VALUE, PASSWORD]).encode() + b"\n")
        lurker.stdin.flush()
        assert json.loads(lurker.stdout.readline())["found"] == []  # now: the daemon that opened itself holds the keys
        scene.person.run("lock")
        scene.person.run("unlock")
        scene.person.run("protection", "set", "keychain", "--password-stdin", said=PASSWORD)
        fresh = next(iter(scene.session.items().values())).decode()
        assert fresh != item
        lurker.stdin.write(json.dumps([item, fresh, *seeds, VALUE, PASSWORD]).encode() + b"\n")
        lurker.stdin.flush()
        report = json.loads(lurker.stdout.readline())
    assert report["found"] == []
    for program in (PROGRAM, "agentsecrets.daemon.keychain", "agentsecrets.daemon.presence"):
        assert any(program in name for name in report["opened"]), f"it opened no {program}: the attack does not work"


def test_a_daemon_under_a_debugger_does_not_open_itself(scene: Scene) -> None:
    scene.person.stop()
    start = {"command": [PROGRAM, "proxy", "start"], "environment": scene.person.environment, "said": "", "stays": True}
    with scene.attacker.attacking("trace", **start) as debugger:
        assert debugger.stdout is not None
        assert debugger.stdout.readline() == b"attached 0\n"
        status = scene.person.ask("status")
        assert (status["locked"], status["locked_by"]) == (True, "being_traced")


def test_no_file_holds_what_the_keychain_holds_nor_a_value_nor_the_password(scene: Scene) -> None:
    item = scene.steal()["items"][0]
    raw = bytes.fromhex(item)[1:]
    files = [path for path in scene.person.home.rglob("*") if path.is_file()]
    assert len(files) > 4
    for path in files:
        content = path.read_bytes()
        assert not [needle for needle in (item.encode(), raw, VALUE.encode(), PASSWORD.encode()) if needle in content], path


# --- a keychain that is not the system's ------------------------------------------------------------------------------------------------


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[tuple[Commands, Desktop]]:
    """Commands on a bus of which a hostile program has the keychain."""
    with Desktop(tmp_path / "trap") as bus, commands(tmp_path, ready=False) as person:
        person.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.address
        yield person, bus


def test_whoever_answers_in_the_place_of_the_keychain_learns_the_name_of_an_item_and_opens_nothing(tmp_path: Path) -> None:
    with desktop(tmp_path / "session") as session, commands(tmp_path, ready=False) as person:
        person.environment["DBUS_SESSION_BUS_ADDRESS"] = session.address
        person.run("init", "--email", "ada@example.com", "--protection", "keychain", "--password-stdin", said=PASSWORD)
        [(name, item)] = session.items().items()
        person.stop()
        with Desktop(tmp_path / "trap") as bus, HostileKeychain(bus.address, FOREIGN) as hostile:
            person.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.address
            assert person.ask("unlock", code=3)["error"] == "keychain_item_wrong"
            assert person.ask("status")["locked_by"] == "keychain_item_wrong"
        told = repr(hostile.given)
        assert name in told
        assert hostile.items == []
        assert not [secret for secret in (item.decode(), PASSWORD, "ada@example.com") if secret in told]


def test_an_item_that_is_made_on_a_hostile_bus_is_that_bus_s_and_the_person_reads_its_address_first(trap: tuple[Commands, Desktop]) -> None:
    person, bus = trap
    with HostileKeychain(bus.address, FOREIGN) as hostile:
        with person.at_terminal("init", "--email", "ada@example.com") as screen:
            screen.wait_for(f"Secret Service at {bus.address}")
            screen.answer("Protection [keychain]:", "keychain")
            screen.answer("New password:", PASSWORD)
            screen.answer("The same again:", PASSWORD)
            assert screen.end() == 0
        with person.at_terminal("protection", "set", "keychain") as screen:
            screen.wait_for(f"Secret Service at {bus.address}")
            screen.answer("Password:", PASSWORD)
            assert screen.end() == 0
        account = StateDb(person.home / "state.db").account()
        assert account is not None
        assert open_by_keychain(account, read_item(hostile.items[-1].decode()))  # the limit, as the threat model has it
        assert PASSWORD not in repr(hostile.given)
