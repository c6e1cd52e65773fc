"""The commands as a person or script runs them, on pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.tls import TlsUpstream

PASSWORD = "violet-harbour-quartz-meadow"
VALUE = "sk_live_51HxQ/7+zvBq=Lm9"
PROGRAM = str(Path(sys.executable).with_name("agentsecrets"))


class Shell:
    """Runs commands in a home folder of their own."""

    def __init__(self, home: Path) -> None:
        self.folder = home.parent / "work"
        self.folder.mkdir()
        self.environment = {"AGENTSECRETS_HOME": str(home), "AGENTSECRETS_PORT": "0", "PATH": os.environ["PATH"]}

    def run(self, *words: str, said: str = "", code: int = 0) -> str:
        ended = subprocess.run(
            [PROGRAM, *words], cwd=self.folder, input=said, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended.stdout + (ended.stderr if code else "")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    started = Shell(tmp_path / "home")
    started.run("init", "--email", "ada@example.com", "--password-stdin", said=PASSWORD)
    started.run("project", "create", "shop")
    yield started
    started.run("proxy", "stop")


def test_the_quick_start_by_flags(shell: Shell, tmp_path: Path) -> None:
    with TlsUpstream() as upstream:
        ca = tmp_path / "ca.pem"
        ca.write_text(upstream.ca_pem)
        host = upstream.origin.removeprefix("https://")
        shell.run("secrets", "set", f"KEY={VALUE}")
        allow = ("workspace", "allowlist", "add", host, "--private", "127.0.0.0/8", "--private", "::1/128", "--ca", str(ca))
        shell.run(*allow, "--password-stdin", said=PASSWORD)
        told = shell.run("call", "--url", upstream.url("/leak/plain?of=bearer"), "--bearer", "KEY", "--output", "json")
        assert json.loads(told)["status"] == 200
        assert json.loads(told)["redacted"] is True
        assert VALUE not in told
        assert [json.loads(line)["status"] for line in shell.run("proxy", "logs").splitlines()] == ["OK"]
        assert "holds together" in shell.run("log", "verify")


def test_a_host_that_is_not_allowed_is_refused_with_the_command_that_mends_it(shell: Shell) -> None:
    shell.run("secrets", "set", "KEY", said=VALUE)
    told = shell.run("call", "--url", "https://api.example.com/", "--bearer", "KEY", code=4)
    assert "agentsecrets workspace allowlist add api.example.com" in told
    document = json.loads(
        shell.run("call", "--url", "https://api.example.com/", "--bearer", "KEY", "--output", "json", code=4).split("\n")[0]
    )
    assert json.loads(document["body"])["error"] == "empty_allowlist"


def test_secrets_are_listed_by_name_shown_with_the_password_and_deleted(shell: Shell) -> None:
    shell.run("secrets", "set", "KEY=-", said=VALUE)
    listed = shell.run("secrets", "list")
    assert "│ KEY " in listed
    assert VALUE not in listed
    assert shell.run("secrets", "get", "KEY", "--password-stdin", said=PASSWORD) == VALUE + "\n"
    assert VALUE not in shell.run("secrets", "get", "KEY", "--password-stdin", said="wrong", code=4)
    shell.run("secrets", "delete", "KEY")
    shell.run("secrets", "delete", "KEY", code=5)


def test_a_key_is_bound_by_a_person(shell: Shell) -> None:
    shell.run("secrets", "set", f"KEY={VALUE}")
    shell.run("secrets", "bind", "KEY", "--host", "api.example.com", "--query", "key", "--password-stdin", said=PASSWORD)
    assert "api.example.com as query:key" in shell.run("secrets", "list")
    shell.run("secrets", "bind", "KEY", "--host", "api.example.com", "--password-stdin", said=PASSWORD, code=2)


def test_names_and_values_that_cannot_be_stored_are_refused(shell: Shell) -> None:
    shell.run("secrets", "set", "BAD-NAME=x", code=2)
    shell.run("secrets", "set", "KEY=", code=2)
    shell.run("secrets", "set", "KEY=-", said="x" * 70_000, code=2)


def test_nothing_works_before_there_is_an_account(tmp_path: Path) -> None:
    told = Shell(tmp_path / "empty").run("status", code=3)
    assert "agentsecrets init" in told
