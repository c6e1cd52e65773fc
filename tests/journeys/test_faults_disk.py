"""A disk that is full, read-only or damaged: a refusal with a hint, nothing lost or overwritten, and all is well once it is mended."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.parts.commands import PASSWORD, VALUE, Commands, commands
from tests.parts.disk import Disk, disk
from tests.parts.patience import wait_until
from tests.parts.tls import TlsUpstream

UNWRITABLE = "state_unwritable"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path / "disk") as mounted:
        yield mounted


@pytest.fixture
def person(small: Disk) -> Iterator[Commands]:
    """Somebody whose state folder is on the small disk."""
    with commands(small.root / "person") as ready:
        yield ready


def _refused(ours: Commands, *words: str, said: str = "", code: int, slug: str) -> None:
    """Runs a command that must be refused with its slug, a message and a hint."""
    told: dict[str, Any] = ours.ask(*words, said=said, code=code)
    assert told["error"] == slug, told
    assert told["message"]
    assert told["hint"]


def _call(ours: Commands, upstream: TlsUpstream) -> int:
    return ours.end("call", "--url", upstream.url("/echo"), "--bearer", "KEY").returncode


def _killed(ours: Commands) -> None:
    pid = ours.ask("status")["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}/exe").exists())


# --- full ------------------------------------------------------------------------------------------------------------------------------


def test_on_a_full_disk_nothing_is_changed_and_with_room_again_everything_works(small: Disk, person: Commands) -> None:
    with TlsUpstream() as upstream:
        host = person.allow(upstream)
        person.run("secrets", "set", "KEY=-", said=VALUE)
        assert _call(person, upstream) == 0
        small.fill()
        for number in range(3):  # the write-ahead log has some room of its own
            person.end("secrets", "set", f"OTHER_{number}=-", said="x" * 60_000)
        kept = person.ask("secrets", "list")
        _refused(person, "secrets", "set", "KEY=-", said="y" * 60_000, code=3, slug=UNWRITABLE)
        assert person.ask("secrets", "list") == kept
        small.clear()
        assert _call(person, upstream) == 0
        assert upstream.seen[-1].header("Authorization") == f"Bearer {VALUE}"
        assert person.ask("secrets", "set", "KEY=-", said=VALUE)["version"] == 2
        assert [line["domain"] for line in person.ask("workspace", "allowlist", "list")] == [host]
        person.run("log", "verify")


def test_a_call_that_cannot_be_recorded_does_not_reach_the_upstream(person: Commands) -> None:
    with TlsUpstream() as upstream:
        person.allow(upstream)
        person.run("secrets", "set", "KEY=-", said=VALUE)
        assert _call(person, upstream) == 0
        status, size = person.ask("status"), (person.home / "audit.db-wal").stat().st_size
        resource.prlimit(status["pid"], resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))  # a longer log is refused, as on a full disk
        while _call(person, upstream) == 0:
            pass
        seen = len(upstream.seen)
        assert [_call(person, upstream) for _ in range(3)] == [3, 3, 3]
        assert len(upstream.seen) == seen
        told = person.ask("call", "--url", upstream.url("/echo"), "--bearer", "KEY", code=3)
        assert UNWRITABLE in told["body"]
        resource.prlimit(status["pid"], resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert _call(person, upstream) == 0
        assert person.ask("status")["pid"] == status["pid"]
        statuses = [json.loads(line)["status"] for line in person.run("proxy", "logs", "--last", "100").splitlines()]
        assert statuses == ["OK"] * len(upstream.seen)
        person.run("log", "verify")


def test_a_full_disk_does_not_end_the_daemon_and_the_vault_can_be_locked_and_opened_later(small: Disk, person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said=VALUE)
    small.fill()
    assert person.ask("status")["locked"] is False
    person.end("log", "verify")
    person.end("lock")
    assert person.end("unlock", "--password-stdin", said=PASSWORD).returncode in (0, 3)
    small.clear()
    person.run("unlock", "--password-stdin", said=PASSWORD)
    assert person.run("secrets", "get", "KEY", "--password-stdin", said=PASSWORD) == VALUE + "\n"


def test_an_account_that_finds_no_room_is_not_made(small: Disk) -> None:
    with commands(small.root / "newcomer", ready=False) as newcomer:
        newcomer.home.mkdir(mode=0o700)
        (newcomer.home / "run").mkdir(mode=0o700)
        small.fill()
        _refused(newcomer, "init", "--email", "ada@example.com", "--password-stdin", said=PASSWORD, code=3, slug=UNWRITABLE)
        small.clear()
        newcomer.set_up()


# --- read-only -------------------------------------------------------------------------------------------------------------------------


def test_a_read_only_home_is_said_to_be_read_only(small: Disk, person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said=VALUE)
    person.run("proxy", "stop")
    small.make_read_only()
    for words in (("status",), ("secrets", "list"), ("proxy", "start"), ("unlock", "--password-stdin")):
        _refused(person, *words, said=PASSWORD, code=3, slug=UNWRITABLE)
    assert "ead-only" in person.end("unlock", "--password-stdin", said=PASSWORD).stderr
    small.make_writable()
    person.run("unlock", "--password-stdin", said=PASSWORD)
    assert person.run("secrets", "get", "KEY", "--password-stdin", said=PASSWORD) == VALUE + "\n"


def test_no_account_is_made_in_a_read_only_place(small: Disk) -> None:
    with commands(small.root / "newcomer", ready=False) as newcomer:
        small.make_read_only()
        _refused(newcomer, "init", "--email", "ada@example.com", "--password-stdin", said=PASSWORD, code=3, slug=UNWRITABLE)
        small.make_writable()
        newcomer.set_up()


# --- damaged ---------------------------------------------------------------------------------------------------------------------------


def _without_middle(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 // 4096 * 4096])


def _scribbled(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"not a database at all")


def _zeroed(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(size - 4096))


@pytest.mark.parametrize(
    ("name", "damage"), [("state.db", _without_middle), ("state.db", _scribbled), ("state.db", _zeroed), ("audit.db", _scribbled)]
)
def test_a_damaged_database_is_refused_and_left_for_examination(tmp_path: Path, name: str, damage: Any) -> None:
    with commands(tmp_path) as person:
        person.run("secrets", "set", "KEY=-", said=VALUE)
        person.run("call", "--url", "https://api.example.com/", "--bearer", "KEY", code=4)
        person.run("proxy", "stop")
        damaged, whole = person.home / name, tmp_path / "whole"
        shutil.copy(damaged, whole)
        damage(damaged)
        before = damaged.read_bytes()
        for words in (("unlock", "--password-stdin"), ("init", "--email", "eve@example.com", "--password-stdin")):
            ended = person.end(*words, "--output", "json", said=PASSWORD)
            assert ended.returncode in (6, 8), ended.stdout + ended.stderr
        assert damaged.read_bytes() == before
        shutil.copy(whole, damaged)
        person.run("unlock", "--password-stdin", said=PASSWORD)
        assert person.run("secrets", "get", "KEY", "--password-stdin", said=PASSWORD) == VALUE + "\n"
        person.run("log", "verify")


def test_a_state_that_was_emptied_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    with commands(tmp_path) as person:
        person.run("call", "--url", "https://api.example.com/", "--bearer", "KEY", code=4)
        person.run("proxy", "stop")
        whole = (person.home / "state.db").read_bytes()
        (person.home / "state.db").write_bytes(b"")
        _refused(person, "init", "--email", "eve@example.com", "--password-stdin", said=PASSWORD, code=8, slug="state_damaged")
        _refused(person, "status", code=8, slug="state_damaged")
        (person.home / "state.db").write_bytes(whole)
        person.run("unlock", "--password-stdin", said=PASSWORD)


@pytest.mark.parametrize("content", ["", "{", '{"port": "x"}', "\x00\xff"])
def test_settings_that_cannot_be_read_are_refused_and_kept(tmp_path: Path, content: str) -> None:
    with commands(tmp_path) as person:
        person.run("proxy", "stop")
        config = person.home / "config.json"
        config.write_text(content)
        _refused(person, "proxy", "start", code=8, slug="format_unknown")
        assert config.read_text() == content
        config.unlink()


def test_a_killed_daemon_on_a_full_disk_has_lost_nothing(small: Disk, person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said=VALUE)
    small.fill()
    _killed(person)
    small.clear()
    person.run("unlock", "--password-stdin", said=PASSWORD)
    assert person.run("secrets", "get", "KEY", "--password-stdin", said=PASSWORD) == VALUE + "\n"
