"""Completion in the shells themselves: commands, flags, and names of what is in an open vault. It wakes nothing and never complains."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.parts.commands import PROGRAM, VALUE, Commands, commands
from tests.parts.patience import wait_until
from tests.parts.terminal import Terminal

SHELLS = ("bash", "zsh", "fish")
_BY_WORDS = """
COMP_WORDS=({words}) COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_agentsecrets
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    root = tmp_path_factory.mktemp("desk")
    with commands(root / "desk") as made:
        made.environment |= {"HOME": str(root), "PATH": f"{Path(PROGRAM).parent}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        for key in ("STRIPE_KEY", "STRIPE_HOOK", "GITHUB_TOKEN"):
            made.run("secrets", "set", f"{key}=-", said=VALUE)
        made.run("secrets", "set", "ONLY_THERE=-", "--environment", "staging", said=VALUE)
        made.run("project", "create", "my shop", "--no-folder")
        yield made


def _shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here")
    return found


def _in_bash(desk: Commands, *words: str) -> list[str]:
    """What bash gets for words as it splits them; the last one is being typed."""
    typed = " ".join(shlex.quote(word) for word in ("agentsecrets", *words))
    script = 'eval "$(agentsecrets completion bash)"' + _BY_WORDS.format(words=typed)
    return _lines([_shell("bash"), "--norc", "--noprofile", "-c", script], desk)


def _in_fish(desk: Commands, *words: str) -> list[str]:
    typed = " ".join(shlex.quote(word) for word in ("agentsecrets", *words[:-1])) + f" {words[-1]}"
    script = f"agentsecrets completion fish | source; complete -C {shlex.quote(typed)}"
    return [line.partition("\t")[0] for line in _lines([_shell("fish"), "--no-config", "-c", script], desk)]


def _lines(command: list[str], desk: Commands) -> list[str]:
    ended = subprocess.run(command, cwd=desk.folder, env=desk.environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stderr == ""
    return [line for line in ended.stdout.splitlines() if line]


Ask = Callable[..., list[str]]


@pytest.fixture(params=["bash", "fish"])
def ask(request: pytest.FixtureRequest, desk: Commands) -> Ask:
    asked = _in_bash if request.param == "bash" else _in_fish
    return lambda *words: asked(desk, *words)


def test_commands_and_flags_are_completed(ask: Ask) -> None:
    assert ask("sec") == ["secrets"]
    assert "rollback" in ask("secrets", "")
    assert ask("secrets", "list", "--cov") == ["--coverage"]
    assert ask("secrets", "nonsense", "x") == []


def test_names_are_those_of_the_vault_that_the_command_would_use(ask: Ask) -> None:
    assert sorted(ask("secrets", "get", "STR")) == ["STRIPE_HOOK", "STRIPE_KEY"]
    assert ask("secrets", "get", "--environment", "staging", "") == ["ONLY_THERE"]
    assert ask("call", "--bearer", "GIT") == ["GITHUB_TOKEN"]
    assert ask("env", "--only", "STRIPE_KEY,G") == ["STRIPE_KEY,GITHUB_TOKEN"]
    assert ask("secrets", "list", "--environment", "prod") == ["production"]
    assert ask("secrets", "list", "--workspace", "pers") == ["personal"]
    assert [name.replace("\\", "") for name in ask("project", "use", "m")] == ["my shop"]


def test_a_slot_and_a_flag_with_an_equals_sign_are_completed(desk: Commands) -> None:
    assert _in_bash(desk, "call", "--header", "X-Key", "=", "GIT") == ["GITHUB_TOKEN"]
    assert _in_bash(desk, "call", "--bearer", "=", "GIT") == ["GITHUB_TOKEN"]
    assert _in_bash(desk, "call", "--bearer", "=")[0] == "GITHUB_TOKEN"
    assert _in_fish(desk, "call", "--header", "X-Key=GIT") == ["X-Key=GITHUB_TOKEN"]
    assert _in_fish(desk, "call", "--bearer=GIT") == ["--bearer=GITHUB_TOKEN"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_person_presses_tab(desk: Commands, shell: str) -> None:
    setup = {
        "bash": 'eval "$(agentsecrets completion bash)"',
        "zsh": 'autoload -Uz compinit && compinit -u -d "$HOME/.zcompdump"; eval "$(agentsecrets completion zsh)"',
        "fish": "agentsecrets completion fish | source",
    }[shell]
    words = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"], "fish": ["--no-config", "-i"]}[shell]
    with Terminal([_shell(shell), *words], desk.folder, desk.environment) as screen:
        screen.resize(24, 200)
        screen.type(f"{setup}; echo rea''dy")
        screen.wait_for("ready")
        screen.press("echo agentsecrets; agentsecrets secrets delete GIT\t --no-such-flag; echo en''ded\r")
        screen.wait_for("there is no such flag")
        screen.wait_for("ended")
        assert "GITHUB_TOKEN" in screen.shown
        screen.press("agentsecrets pro\tlo\t--la\t 1; echo fi''nished\r")
        screen.wait_for("finished")
        screen.type("exit")
        screen.end()
    assert [line["key"] for line in desk.ask("secrets", "list")] == ["GITHUB_TOKEN", "STRIPE_HOOK", "STRIPE_KEY"]


def test_what_is_typed_stands_in_no_argument_and_no_variable(desk: Commands, tmp_path: Path) -> None:
    spy, seen = tmp_path / "agentsecrets", tmp_path / "seen"
    spy.write_text(f"#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ /proc/$PPID/environ > {seen}\ncat > {seen}.words\n")
    spy.chmod(spy.stat().st_mode | stat.S_IXUSR)
    environment = desk.environment | {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    for shell in SHELLS:
        script = subprocess.run([PROGRAM, "completion", shell], env=desk.environment, check=True, capture_output=True, text=True).stdout
        file = tmp_path / f"script.{shell}"
        file.write_text(script)
        with Terminal(
            [_shell(shell), *(["--norc", "-i"] if shell == "bash" else ["-f"] if shell == "zsh" else ["--no-config"])],
            tmp_path,
            environment,
        ) as screen:
            screen.type(("autoload -Uz compinit && compinit -u -D; " if shell == "zsh" else "") + f"source {file}; echo rea''dy")
            screen.wait_for("ready")
            screen.press(f"agentsecrets secrets set KEY={VALUE.replace('/', '_')}\t")
            wait_until(lambda: Path(f"{seen}.words").exists() and b"set" in Path(f"{seen}.words").read_bytes())
            screen.interrupt()
            screen.type("exit")
        assert b"sk_live_51HxQ" in Path(f"{seen}.words").read_bytes(), shell
        assert b"sk_live_51HxQ" not in seen.read_bytes(), shell
        Path(f"{seen}.words").unlink()


def test_no_daemon_is_woken_and_nothing_is_said(desk: Commands, tmp_path: Path) -> None:
    elsewhere = desk.environment | {"AGENTSECRETS_HOME": str(tmp_path / "nothing")}
    for variables in (elsewhere, desk.environment | {"AGENTSECRETS_HOME": "/dev/null"}):
        for words in (["agentsecrets", "secrets", "get", ""], ["agentsecrets", "--bad", "x"], ["agentsecrets"], []):
            said = b"".join(os.fsencode(word) + b"\0" for word in words)
            ended = subprocess.run(
                [PROGRAM], env=variables | {"_AGENTSECRETS_COMPLETE": "bash"}, input=said, capture_output=True, timeout=60, check=False
            )
            assert (ended.returncode, ended.stderr) == (0, b"")
            assert b"STRIPE" not in ended.stdout
    assert not (tmp_path / "nothing").exists()


def test_a_locked_vault_completes_no_names_and_stays_locked(tmp_path: Path) -> None:
    with commands(tmp_path) as person:
        person.environment |= {"PATH": f"{Path(PROGRAM).parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
        person.run("secrets", "set", "STRIPE_KEY=-", said=VALUE)
        assert _in_bash(person, "secrets", "get", "") == ["STRIPE_KEY"]
        person.run("lock")
        assert _in_bash(person, "secrets", "get", "") == []
        assert person.ask("status")["locked"] is True
        person.stop()
        assert _in_bash(person, "secrets", "get", "") == []
        assert person.ask("proxy", "status", code=5)["error"] == "no_daemon"
