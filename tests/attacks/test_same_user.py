"""A program of the same user, with a shell and a debugger, gets no value, no password and no token from an untampered installation.

Limits of ``guarded`` that are no part of this: the session token's file is for this user to read and lets its bearer ask for calls; what is
piped into a command, or typed at a terminal that somebody else reads too, belongs to whoever holds the pipe or the terminal.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.parts.commands import PASSWORD, PROGRAM, VALUE, Commands, commands
from tests.parts.ordinary_user import OrdinaryUser, ordinary_user
from tests.parts.patience import wait_until
from tests.parts.tls import TlsUpstream

pytestmark = pytest.mark.other_uid
WRONG = "canary-of-a-password-4f1c09"


@dataclass(frozen=True)
class Scene:
    """Somebody's commands, and somebody of the same name who attacks."""

    person: Commands
    attacker: OrdinaryUser

    @property
    def daemon(self) -> int:
        return int(self.person.ask("status")["pid"])


@pytest.fixture
def scene() -> Iterator[Scene]:
    """An unlocked daemon that holds one value."""
    with ordinary_user() as user, commands(user.folder, uid=user.uid) as person:
        person.run("secrets", "set", "KEY=-", said=VALUE)
        yield Scene(person, user)


def _forms(secret: str) -> list[bytes]:
    raw = secret.encode()
    return [raw, base64.b64encode(raw)[:-4], raw.hex().encode(), raw.hex().upper().encode(), secret.encode("utf-16-le"), raw[::-1]]


def _wait_until_ended(pid: int) -> None:
    wait_until(lambda: not Path(f"/proc/{pid}").exists())


# --- processes ------------------------------------------------------------------------------------------------------------------------


def test_the_attacks_on_a_process_work_on_one_that_is_not_hardened() -> None:
    with ordinary_user() as user:
        program = [sys.executable, "-I", "-c", "import sys; sys.stdin.read()"]
        with subprocess.Popen(program, stdin=subprocess.PIPE, user=user.uid, group=user.uid, extra_groups=[]) as victim:
            found = user.attack("open", pids=[victim.pid])
            victim.kill()
    opened = {way.partition(" ")[2] for way in found}
    assert {
        "mem",
        "environ",
        "maps",
        "task mem",
        "fd",
        "exe",
        "pidfd_getfd 0",
        "ptrace attach",
        "process_vm_readv",
        "kcmp",
    } <= opened


def test_nothing_of_the_daemon_can_be_opened_locked_or_not(scene: Scene) -> None:
    assert scene.attacker.attack("open", pids=[scene.daemon]) == []
    scene.person.run("lock")
    assert scene.attacker.attack("open", pids=[scene.daemon]) == []
    scene.person.run("unlock", "--password-stdin", said=PASSWORD)
    assert scene.attacker.attack("open", pids=[scene.daemon]) == []


def test_nothing_of_the_presence_program_can_be_opened_while_it_asks(scene: Scene) -> None:
    with scene.person.at_terminal("unlock") as screen:
        screen.wait_for(f"State folder: '{scene.person.home}'")  # a variable has chosen it
        screen.answer("Password:", WRONG)
        screen.wait_for("That is not the password.")
        [waits] = scene.attacker.attack("children", pid=screen.pid)
        [asks] = scene.attacker.attack("children", pid=waits)
        [daemon_to_be] = scene.attacker.attack("children", pid=asks)
        assert scene.attacker.attack("open", pids=[waits, asks, daemon_to_be]) == []
        screen.answer("Password:", PASSWORD)
        assert screen.end() == 0
    assert scene.daemon == daemon_to_be


def test_whoever_lurks_and_opens_every_process_at_its_start_finds_nothing_in_what_is_held_open() -> None:
    secrets = [PASSWORD, VALUE, WRONG]
    with ordinary_user() as user, user.attacking("lurk") as lurker, TlsUpstream() as upstream:
        assert lurker.stdin is not None
        assert lurker.stdout is not None
        assert lurker.stdout.readline() == b"lurking\n"

        def report(*needles: str) -> dict[str, Any]:
            assert lurker.stdin is not None
            assert lurker.stdout is not None
            lurker.stdin.write(json.dumps(needles).encode() + b"\n")
            lurker.stdin.flush()
            found: dict[str, Any] = json.loads(lurker.stdout.readline())
            return found

        with commands(user.folder, uid=user.uid) as person:
            person.allow(upstream)
            person.run("secrets", "set", "KEY=-", said=VALUE)
            person.run("call", "--url", upstream.url("/leak/plain"), "--bearer", "KEY")
            person.run("secrets", "get", "KEY", "--password-stdin", said=PASSWORD)
            with person.at_terminal("unlock") as screen:
                screen.answer("Password:", WRONG)
                screen.wait_for("That is not the password.")
                assert report(*secrets)["found"] == []  # now: the presence program holds what was typed
                screen.answer("Password:", PASSWORD)
                assert screen.end() == 0
            token = json.loads((person.home / "session.json").read_text())["token"]
            last = report(*secrets, token)
            assert last["found"] == []
            assert any(PROGRAM in name for name in last["opened"]), "it opened no command: the attack does not work"


def test_a_presence_program_with_a_debugger_attached_asks_nothing(scene: Scene) -> None:
    before = scene.daemon
    command = [PROGRAM, "unlock", "--password-stdin"]
    report = scene.attacker.attack("trace", command=command, environment=scene.person.environment, said=PASSWORD)
    assert report["code"] == 4
    assert "a debugger is attached" in report["output"]
    assert len(report["traced"]) > 1, "the debugger did not follow: the attack does not work"
    assert scene.daemon == before


def test_a_locked_daemon_that_was_started_under_a_debugger_is_never_handed_keys(scene: Scene) -> None:
    scene.person.stop()
    start = {"command": [PROGRAM, "proxy", "start"], "environment": scene.person.environment, "said": "", "stays": True}
    with scene.attacker.attacking("trace", **start) as debugger:
        assert debugger.stdout is not None
        assert debugger.stdout.readline() == b"attached 0\n"
        traced = scene.daemon
        assert scene.person.ask("status")["locked"] is True
        scene.person.run("unlock", "--password-stdin", said=PASSWORD)
        unlocked = scene.daemon
        assert unlocked != traced
        assert "TracerPid:\t0\n" in Path(f"/proc/{unlocked}/status").read_text()
        assert scene.attacker.attack("open", pids=[unlocked]) == []


def test_a_daemon_that_is_killed_leaves_no_core_file(scene: Scene) -> None:
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGQUIT):
        pid = scene.daemon
        assert scene.attacker.attack("core", pid=pid) == "refused"
        assert re.search(r"Max core file size +0 +0 ", Path(f"/proc/{pid}/limits").read_text())
        scene.attacker.attack("kill", pid=pid, number=number)
        _wait_until_ended(pid)
        scene.person.run("unlock", "--password-stdin", said=PASSWORD)
    assert not [path for path in scene.attacker.folder.rglob("*core*") if path.is_file()]


# --- files and tokens -----------------------------------------------------------------------------------------------------------------


def test_no_file_holds_a_value_or_the_password_and_the_token_lies_in_one_place(scene: Scene) -> None:
    scene.person.run("call", "--url", "https://api.example.com/", "--bearer", "KEY", code=4)
    token = json.loads((scene.person.home / "session.json").read_text())["token"]
    files = [content.encode("latin-1") for content in scene.attacker.attack("read", root=str(scene.attacker.folder))]
    assert len(files) > 4
    assert not [form for secret in (VALUE, PASSWORD) for form in _forms(secret) if any(form in content for content in files)]
    assert sum(token.encode() in content for content in files) == 1
    assert stat.S_IMODE((scene.person.home / "session.json").stat().st_mode) == 0o600


def test_the_token_of_a_daemon_that_has_ended_is_worth_nothing(scene: Scene) -> None:
    def token() -> str:
        return scene.person.run("proxy", "token").strip()

    first = token()
    scene.person.run("proxy", "rotate-session")
    second = token()
    scene.person.run("unlock", "--password-stdin", said=PASSWORD)
    third = token()
    assert len({first, second, third}) == 3
    port = scene.person.ask("status")["port"]
    for shown, code in ((first, "401"), (second, "401"), (third, "403")):
        command = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "-H", f"X-AS-Session-Token: {shown}"]
        command += ["-H", "X-AS-Target-URL: https://api.example.com/", f"http://127.0.0.1:{port}/proxy"]
        assert subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout == code
