"""What stands in the daemon's way: what a killed one has left, other programs in its place, other versions, no room to start."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.parts.commands import PASSWORD, PROGRAM, VALUE, Commands
from tests.parts.impostor import impostor
from tests.parts.patience import wait_until
from tests.parts.tls import TlsUpstream


def _kill(ours: Commands) -> int:
    """``kill -9`` of the daemon; answers the port that its proxy had."""
    status = ours.ask("status")
    os.kill(status["pid"], signal.SIGKILL)
    port: int = status["port"]
    wait_until(lambda: not _answers(port))
    return port


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# --- what a killed daemon leaves -------------------------------------------------------------------------------------------------------


def test_a_stale_socket_lock_and_session_file_are_in_nobodys_way(person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said=VALUE)
    _kill(person)
    assert (person.home / "run" / "control.sock").exists()
    stale = json.loads((person.home / "session.json").read_bytes())
    assert person.ask("status")["locked"] is True
    assert json.loads((person.home / "session.json").read_bytes())["token"] != stale["token"]
    person.run("unlock", "--password-stdin", said=PASSWORD)
    assert [line["key"] for line in person.ask("secrets", "list")] == ["KEY"]


def test_the_token_of_a_killed_daemon_is_not_left_lying_when_the_next_one_cannot_start(person: Commands) -> None:
    port = _kill(person)
    with impostor(port, "garbage") as end:
        ended = person.end("proxy", "start", AGENTSECRETS_PORT=str(port))
        assert ended.returncode == 3
        assert f"another process holds port {port}" in ended.stderr
        assert "agentsecrets proxy start --port PORT" in ended.stderr
        assert not (person.home / "session.json").exists()
        assert end() == b""


def test_no_command_speaks_to_a_stranger_on_the_port(person: Commands) -> None:
    port = _kill(person)
    with impostor(port, "html") as end:
        for words in (
            ("status",),
            ("proxy", "token"),
            ("proxy", "status"),
            ("call", "--url", "https://api.example.com/"),
            ("log", "verify"),
        ):
            assert person.end(*words, AGENTSECRETS_PORT=str(port)).returncode in (3, 5)
        person.end("unlock", "--password-stdin", said=PASSWORD, AGENTSECRETS_PORT=str(port))
        assert end() == b""


def test_after_a_kill_the_next_command_says_that_the_vault_is_locked(person: Commands) -> None:
    _kill(person)
    told = person.ask("secrets", "list", code=3)
    assert (told["error"], told["hint"]) == ("locked", "a person can run: agentsecrets unlock")


def test_files_that_a_killed_daemon_was_writing_do_not_pile_up(person: Commands) -> None:
    person.run("proxy", "stop")
    (person.home / ".session.json.0a1b2c3d").write_text("{}")
    person.ask("proxy", "start")
    assert not list(person.home.glob(".session.json.*"))


# --- others in its place ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["garbage", "html", "close"])
def test_a_stranger_on_the_control_socket_gets_no_secret_and_is_told_apart(person: Commands, mode: str) -> None:
    _kill(person)
    with impostor(person.home, mode) as end:
        for words in (("secrets", "list"), ("secrets", "set", "KEY=-"), ("secrets", "delete", "KEY"), ("status",), ("proxy", "token")):
            ended = person.end(*words, "--output", "json", said=VALUE)
            assert ended.returncode == 7, ended.stdout + ended.stderr
            assert json.loads(ended.stdout)["error"] in ("foreign_daemon", "daemon_gone")
        ended = person.end("call", "--url", "https://api.example.com/", "--bearer", "KEY", "--output", "json")
        assert ended.returncode == 7
        received = end()
    assert VALUE.encode() not in received
    assert PASSWORD.encode() not in received


def test_unlock_takes_the_place_of_a_stranger_on_the_control_socket(person: Commands) -> None:
    _kill(person)
    with impostor(person.home, "garbage") as end:
        person.run("unlock", "--password-stdin", said=PASSWORD)
        assert person.ask("status")["locked"] is False
        assert PASSWORD.encode() not in end()


def test_an_older_daemon_is_replaced(person: Commands) -> None:
    _kill(person)
    with impostor(person.home, "0.0.1"):
        status = person.ask("status")
    assert status["version"] != "0.0.1"


def test_a_newer_daemon_is_left_alone(person: Commands) -> None:
    _kill(person)
    with impostor(person.home, "999.0"):
        told = person.ask("secrets", "list", code=3)
        assert told["error"] == "other_version"
        assert "999.0" in told["message"]
        assert told["hint"] == "agentsecrets proxy stop"
        person.run("proxy", "stop")
    assert person.ask("status")["locked"] is True


def test_a_daemon_on_another_port_is_not_taken_for_the_one_that_is_asked_for(person: Commands) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        other = probe.getsockname()[1]
    told = person.ask("proxy", "start", "--port", str(other), code=3)
    assert (told["error"], told["hint"]) == ("already_running", "agentsecrets proxy stop")


# --- kills of the programs that start it -----------------------------------------------------------------------------------------------


def _end_early(ours: Commands, *words: str, seconds: float) -> None:
    """Runs a command that asks for the password, and kills it with all that belongs to it after some time."""
    with subprocess.Popen(
        [PROGRAM, *words, "--password-stdin"],
        cwd=ours.folder,
        env=ours.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    ) as program:
        assert program.stdin is not None
        program.stdin.write(PASSWORD.encode())
        program.stdin.close()
        try:
            program.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(6))
def test_an_init_that_is_killed_leaves_a_whole_account_or_none(newcomer: Commands, turn: int) -> None:
    _end_early(newcomer, "init", "--email", "ada@example.com", seconds=0.1 + 0.15 * turn + random.uniform(0, 0.15))
    ended = newcomer.end("init", "--email", "ada@example.com", "--password-stdin", said=PASSWORD)
    if ended.returncode == 6:
        assert "there is already an account on this machine" in ended.stderr
        newcomer.run("unlock", "--password-stdin", said=PASSWORD)
    else:
        assert ended.returncode == 0, ended.stderr
    newcomer.run("project", "create", "shop")
    assert newcomer.ask("status")["locked"] is False


@pytest.mark.slow
def test_an_unlock_that_is_killed_loses_nothing(person: Commands) -> None:
    person.run("secrets", "set", "KEY=-", said=VALUE)
    for turn in range(6):
        _end_early(person, "unlock", seconds=0.05 + 0.1 * turn + random.uniform(0, 0.1))
        assert person.ask("status")["email"] == "ada@example.com"
    person.run("unlock", "--password-stdin", said=PASSWORD)
    assert person.run("secrets", "get", "KEY", "--password-stdin", said=PASSWORD) == VALUE + "\n"


# --- no room ---------------------------------------------------------------------------------------------------------------------------


def test_a_daemon_with_few_descriptors_serves_again_once_the_crowd_has_left(person: Commands) -> None:
    with TlsUpstream() as upstream:
        person.allow(upstream)
        person.run("secrets", "set", "KEY=-", said=VALUE)
        status = person.ask("status")
        resource.prlimit(status["pid"], resource.RLIMIT_NOFILE, (64, 64))
        crowd = [socket.create_connection(("127.0.0.1", status["port"])) for _ in range(100)]
        ended = person.end("call", "--url", upstream.url("/echo"), "--bearer", "KEY", "--output", "json")
        assert ended.returncode in (0, 7)
        for connection in crowd:
            connection.close()
        wait_until(lambda: person.end("call", "--url", upstream.url("/echo"), "--bearer", "KEY").returncode == 0)
        assert person.ask("status")["pid"] == status["pid"]
        person.run("log", "verify")


def test_the_daemon_raises_its_limit_of_descriptors_itself(person: Commands) -> None:
    person.run("proxy", "stop")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    command = ["sh", "-c", 'ulimit -S -n 256; exec "$0" proxy start', PROGRAM]
    subprocess.run(command, cwd=person.folder, env=person.environment, check=True, capture_output=True)
    limits = Path(f"/proc/{person.ask('status')['pid']}/limits")
    if os.geteuid() == 0:
        allowed = next(line.split()[3] for line in limits.read_text().splitlines() if line.startswith("Max open files"))
        assert int(allowed) >= min(hard, 8192) > 256 or soft <= 256
