"""The quick start of the README, typed as it is written.

Only the API's host is another one here: where the README says ``api.github.com``, an upstream on this machine answers, and its entry of the
allowlist says so.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.commands import PASSWORD, PROGRAM, VALUE, Commands, commands
from tests.parts.terminal import Terminal
from tests.parts.tls import TlsUpstream

README = Path(__file__).resolve().parents[2] / "README.md"
HOST = "api.github.com"
ANSWERS = {"E-mail": "ada@example.com", "New password": PASSWORD, "The same again": PASSWORD, "Password": PASSWORD, "Value of": VALUE}


def _blocks() -> list[str]:
    section = README.read_text(encoding="utf-8").partition("\n## Quick start\n")[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def _script(block: str, upstream: TlsUpstream, authority: Path) -> str:
    """A block with the upstream of this machine in place of the API."""
    here = upstream.origin.removeprefix("https://")
    added = re.sub(rf"(allowlist add ){re.escape(HOST)}", rf"\1{here} --private 127.0.0.0/8 --private ::1/128 --ca {authority}", block)
    return added.replace(f"https://{HOST}/user", f"https://{here}/leak/plain")


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Commands]:
    with commands(tmp_path, ready=False) as fresh:
        fresh.environment |= {"PATH": f"{Path(PROGRAM).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
        (fresh.folder / "password-file").write_text(PASSWORD + "\n", encoding="utf-8")
        (fresh.folder / "value-file").write_text(VALUE + "\n", encoding="utf-8")
        yield fresh


def _bash(newcomer: Commands, script: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(
        command,
        cwd=newcomer.folder,
        env=newcomer.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


def test_by_flags_in_a_container_and_by_curl(newcomer: Commands, upstream: TlsUpstream, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(upstream.ca_pem, encoding="ascii")
    _, by_flags, _, by_curl, _ = _blocks()
    ended = _bash(newcomer, _script(by_flags, upstream, tmp_path / "ca.pem"))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert '"redacted": true' in ended.stdout
    port = newcomer.ask("status")["port"]
    curled = _bash(newcomer, _script(by_curl, upstream, tmp_path / "ca.pem").replace(":8765/", f":{port}/"))
    assert curled.returncode == 0, curled.stderr
    assert "[REDACTED_BY_AGENTSECRETS]" in curled.stdout
    for told in (ended, curled):
        assert VALUE not in told.stdout + told.stderr


def test_on_a_terminal(newcomer: Commands, upstream: TlsUpstream, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(upstream.ca_pem, encoding="ascii")
    on_terminal, *_ = _blocks()
    lines = [line.partition("  #")[0].rstrip() for line in _script(on_terminal, upstream, tmp_path / "ca.pem").splitlines()]
    with Terminal(["bash", "--norc", "-euo", "pipefail", "-c", "\n".join(lines)], newcomer.folder, newcomer.environment) as screen:
        for line in lines:
            for question in _questions(line):
                screen.answer(question, ANSWERS[question])
        assert screen.end() == 0, screen.shown
    assert "[REDACTED_BY_AGENTSECRETS]" in screen.shown
    assert VALUE not in screen.shown
    assert PASSWORD not in screen.shown


def _questions(line: str) -> tuple[str, ...]:
    """What a person is asked by a command of the quick start."""
    asked = {
        "init": ("E-mail", "New password", "The same again"),
        "unlock": ("Password",),
        "secrets set": ("Value of",),
        "workspace allowlist": ("Password",),
    }
    return next((questions for words, questions in asked.items() if line.startswith(f"agentsecrets {words}")), ())
