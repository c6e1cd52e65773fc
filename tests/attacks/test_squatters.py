"""Whoever sits on the daemon's port or on its socket is told no value, no password and no token."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.parts.commands import PASSWORD, VALUE, Commands, commands
from tests.parts.ordinary_user import OrdinaryUser, ordinary_user
from tests.parts.patience import wait_until
from tests.parts.squatter import free_port

pytestmark = pytest.mark.other_uid
PROMISED = ("/v1/status", "/v1/secrets/offer", "/v1/secrets/challenge", "/v1/place", "/v1/session", "/v1/allowlist")


@dataclass
class Heard:
    """What a squatter was told, known when it has ended."""

    text: str = field(default="")

    def holds(self, secret: str) -> bool:
        return secret in self.text


@contextmanager
def squatting(user: OrdinaryUser, port: int, path: str = "", answers: dict[str, str] | None = None) -> Iterator[Heard]:
    """A squatter, for as long as the block lasts."""
    heard = Heard()
    with user.attacking("squat", port=port, path=path, answers=answers or {}) as squatter:
        assert squatter.stdout is not None
        assert squatter.stdin is not None
        assert squatter.stdout.readline() == b"squatting\n"
        yield heard
        squatter.stdin.close()
        heard.text = json.loads(squatter.stdout.read())


@pytest.fixture
def attacker() -> Iterator[OrdinaryUser]:
    with ordinary_user() as user:
        yield user


def _kill(attacker: OrdinaryUser, person: Commands) -> None:
    """The same user may end the daemon without a word."""
    pid = person.ask("status")["pid"]
    attacker.attack("kill", pid=pid, number=signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}").exists())


def test_a_port_that_somebody_else_holds_is_not_spoken_to(attacker: OrdinaryUser) -> None:
    port = free_port()
    with squatting(attacker, port) as heard, commands(attacker.folder, ready=False, uid=attacker.uid) as person:
        said = person.run("init", "--email", "ada@example.com", "--port", str(port), "--password-stdin", said=PASSWORD, code=3)
        assert "another process holds port" in said
        assert "another process holds port" in person.run("proxy", "start", "--port", str(port), code=3)
        assert "another process holds port" in person.run("unlock", "--password-stdin", said=PASSWORD, AGENTSECRETS_PORT=str(port), code=3)
    assert heard.text == ""


def test_nobody_can_take_the_port_of_a_daemon_that_runs(attacker: OrdinaryUser) -> None:
    with commands(attacker.folder, uid=attacker.uid) as person:
        port = person.ask("status")["port"]
        assert attacker.attack("bind", addresses=["127.0.0.1", "0.0.0.0", "::1", "::"], port=port) == []
        assert attacker.attack("bind", addresses=["127.0.0.1"], port=free_port()) == ["127.0.0.1"]


def test_whoever_kills_the_daemon_and_takes_its_place_hears_nothing_of_worth(attacker: OrdinaryUser) -> None:
    with commands(attacker.folder, uid=attacker.uid) as person:
        person.run("secrets", "set", "KEY=-", said=VALUE)
        port, socket = person.ask("status")["port"], str(person.home / "run" / "control.sock")
        token = person.run("proxy", "token").strip()
        answers = attacker.attack("ask", home=str(person.home), verbs=PROMISED)
        _kill(attacker, person)
        with squatting(attacker, port, socket, answers) as heard:
            _try_everything(person)
        assert "POST /v1/" in heard.text, "nobody spoke to the squatter: the attack does not work"
        for secret in (VALUE, VALUE[::-1], PASSWORD):
            assert not heard.holds(secret)
        assert not heard.holds(token)
        person.run("unlock", "--password-stdin", said=PASSWORD)
        assert person.run("secrets", "get", "KEY", "--password-stdin", said=PASSWORD) in (VALUE + "\n", VALUE[::-1] + "\n")


def test_an_unlock_takes_the_socket_back_from_whoever_sits_on_it(attacker: OrdinaryUser) -> None:
    with commands(attacker.folder, uid=attacker.uid) as person:
        person.run("secrets", "set", "KEY=-", said=VALUE)
        person.stop()
        with squatting(attacker, free_port(), str(person.home / "run" / "control.sock")) as heard:
            person.run("unlock", "--password-stdin", said=PASSWORD)
            assert person.ask("status")["locked"] is False
            assert person.run("secrets", "get", "KEY", "--password-stdin", said=PASSWORD) == VALUE + "\n"
        assert not heard.holds(PASSWORD)
        assert not heard.holds(VALUE)


def _try_everything(person: Commands) -> None:
    """What a person and an agent would do, who do not know."""
    for words, said in (
        (("status",), ""),
        (("secrets", "list"), ""),
        (("secrets", "set", "KEY=-"), VALUE[::-1]),
        (("secrets", "set", "OTHER=" + VALUE[::-1]), ""),
        (("secrets", "get", "KEY", "--password-stdin"), PASSWORD),
        (("workspace", "allowlist", "add", "api.example.com", "--password-stdin"), PASSWORD),
        (("secrets", "bind", "KEY", "--host", "api.example.com", "--password-stdin"), PASSWORD),
        (("call", "--url", "https://api.example.com/", "--bearer", "KEY"), ""),
        (("proxy", "token"), ""),
        (("proxy", "rotate-session"), ""),
        (("proxy", "logs", "--last", "5"), ""),
        (("log", "verify"), ""),
        (("proxy", "stop"), ""),
    ):
        person.end(*words, said=said)


def test_a_stale_session_file_is_worth_nothing(attacker: OrdinaryUser) -> None:
    with commands(attacker.folder, uid=attacker.uid) as person:
        token, port = person.run("proxy", "token").strip(), person.ask("status")["port"]
        _kill(attacker, person)
        person.run("unlock", "--password-stdin", said=PASSWORD, AGENTSECRETS_PORT=str(port))
        words = [
            "curl",
            "-s",
            "-H",
            f"X-AS-Session-Token: {token}",
            "-H",
            "X-AS-Target-URL: https://a.example/",
            f"http://127.0.0.1:{port}/proxy",
        ]
        assert "unknown_caller" in subprocess.run(words, capture_output=True, text=True, check=True, timeout=20).stdout
