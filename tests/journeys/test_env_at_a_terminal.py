"""``agentsecrets env`` for a person: what is shown before the password, and a command that does not notice whose child it is."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.commands import PASSWORD, PROGRAM, VALUE, Commands, commands
from tests.parts.patience import wait_until
from tests.parts.terminal import Terminal

MARK = "[REDACTED_BY_AGENTSECRETS]"
SHELL = ["bash", "--norc", "--noprofile", "-i"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """An account with one secret, and a command that is remembered, so that most runs need no password."""
    with commands(tmp_path_factory.mktemp("env")) as ready:
        ready.run("secrets", "set", "API_KEY=-", said=VALUE)
        ready.run("env", "--password-stdin", "--remember", *ready.python("pass"), said=PASSWORD)
        yield ready


def _screen(house: Commands, text: str) -> Terminal:
    return house.at_terminal("env", *house.python(text))


def _shell(house: Commands, text: str, *flags: str) -> tuple[Terminal, str]:
    """An interactive shell, and the line that runs some Python by ``agentsecrets env``."""
    words = " ".join([PROGRAM, "env", *flags, *house.python(text)])
    return Terminal(SHELL, house.folder, {**house.environment, "PS1": "shell> "}), words


def _leave(screen: Terminal) -> None:
    """Ends a shell once it asks for the next line: what is typed while a command runs is the command's."""
    screen.wait_for("shell> ")
    screen.type("exit")
    assert screen.end() == 0


# --- before -------------------------------------------------------------------------------------------------------------------------------


def test_the_person_sees_command_folder_place_and_keys_before_the_password(house: Commands) -> None:
    with house.at_terminal("env", "--only", "API_KEY", "--", "sh", "-c", 'echo "$API_KEY"') as screen:
        screen.wait_for("Password:")
        shown = screen.shown
        assert """command: sh -c 'echo "$API_KEY"'""" in shown
        assert f"folder:  {house.folder}" in shown
        assert "from:    shop, development" in shown
        assert "keys:    API_KEY" in shown
        assert "so can other programs of your user" in shown
        assert "REMEMBERED" not in shown
        screen.type(PASSWORD)
        assert screen.end() == 0
        assert MARK in screen.shown
        assert PASSWORD not in screen.shown
        assert VALUE not in screen.shown


def test_production_is_marked_and_remembering_is_warned_of(house: Commands) -> None:
    house.run("secrets", "set", "LIVE_KEY=-", "--environment", "production", said=VALUE)
    with house.at_terminal("env", "--environment", "production", "--remember", "--", "true") as screen:
        screen.wait_for("from:    shop, PRODUCTION")
        screen.wait_for("REMEMBERED: from now on any program of your user can have these values without asking you")
        screen.wait_for("Password:")
        screen.interrupt()
        assert screen.end() == 130
    assert not [known for known in house.ask("env", "--remembered") if known["environment"] == "production"]


def test_a_command_cannot_write_over_what_the_person_reads(house: Commands) -> None:
    with house.at_terminal("env", "--", "sh", "-c", "true\x1b[2J\r\u202e 'quoted'") as screen:
        screen.wait_for("Password:")
        assert r"$'true\x1b[2J\r\u202e \'quoted\''" in screen.shown
        assert "\x1b[2J" not in screen.shown
        screen.interrupt()
        assert screen.end() == 130


def test_a_poisoned_environment_changes_nothing_of_what_is_shown(house: Commands, tmp_path: Path) -> None:
    planted = tmp_path / "agentsecrets"
    planted.mkdir()
    (planted / "__init__.py").write_text("raise SystemExit('planted')")
    (tmp_path / "sitecustomize.py").write_text("import os; os.write(1, b'PLANTED')")
    poison = {"PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": str(tmp_path / "sitecustomize.py"), "PYTHONINSPECT": "1", "COLUMNS": "1"}
    words = [PROGRAM, "env", "--", "sh", "-c", 'echo "$PYTHONPATH"']
    with Terminal([sys.executable, "-I", *words], house.folder, {**house.environment, **poison}) as screen:
        screen.answer("Password:", PASSWORD)
        screen.wait_for(str(tmp_path))  # the command itself has the person's environment, as it is
        assert screen.end() == 0
        assert "PLANTED" not in screen.shown


# --- during -------------------------------------------------------------------------------------------------------------------------------


def test_the_command_has_a_terminal_of_the_same_size(house: Commands) -> None:
    text = "import os, sys; print([os.isatty(n) for n in range(3)], os.get_terminal_size(), open('/dev/tty').isatty())"
    with Terminal(SHELL, house.folder, {**house.environment, "PS1": "shell> "}) as screen:
        screen.wait_for("shell> ")
        screen.resize(33, 101)
        screen.type(" ".join([PROGRAM, "env", *house.python(text)]))
        screen.wait_for("[True, True, True] os.terminal_size(columns=101, lines=33) True")
        _leave(screen)


def test_a_new_size_reaches_the_command(house: Commands) -> None:
    text = """if True:
        import os, signal
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])
        print("ready", flush=True)
        while os.get_terminal_size() != (77, 22): signal.sigwait([signal.SIGWINCH])
        print("size", *os.get_terminal_size())
    """
    with _screen(house, text) as screen:
        screen.wait_for("ready")
        screen.resize(22, 77)
        screen.wait_for("size 77 22")
        assert screen.end() == 0


def test_a_prompt_is_answered_and_the_answer_echoed_once(house: Commands) -> None:
    with _screen(house, "print('hello', input('Name: '))") as screen:
        screen.answer("Name: ", "Ada")
        screen.wait_for("hello Ada")
        assert screen.end() == 0
        assert screen.shown.count("Ada") == 2


def test_what_the_command_asks_without_echo_is_not_echoed(house: Commands) -> None:
    with _screen(house, "import getpass; print(len(getpass.getpass('Code: ')))") as screen:
        screen.answer("Code: ", "typed-in-the-dark")
        screen.wait_for("17")
        assert screen.end() == 0
        assert "typed-in-the-dark" not in screen.shown


def test_a_value_is_taken_out_of_what_a_terminal_shows_even_byte_by_byte(house: Commands) -> None:
    with _screen(house, "import os\nfor byte in b'<' + os.environb[b'API_KEY'] + b'>': os.write(1, bytes([byte]))") as screen:
        assert screen.end() == 0
        assert f"<{MARK}>" in screen.shown
        assert VALUE not in screen.shown


def test_ctrl_c_reaches_the_command_once(house: Commands) -> None:
    text = """if True:
        import signal, sys, time
        seen = []
        signal.signal(signal.SIGINT, lambda *_: seen.append(1))
        print("ready", flush=True)
        while not seen: time.sleep(0.01)
        time.sleep(0.2)
        sys.exit(40 + len(seen))
    """
    for flags in ((), ("--no-mask",)):
        with house.at_terminal("env", *flags, *house.python(text)) as screen:
            screen.wait_for("ready")
            screen.interrupt()
            assert screen.end() == 41


def test_ctrl_d_ends_the_command_s_input(house: Commands) -> None:
    with _screen(house, "import sys; print('ready', flush=True); print('read', len(sys.stdin.read()))") as screen:
        screen.wait_for("ready")
        screen.type("12345")
        screen.press("\x04")
        screen.wait_for("read 6")
        assert screen.end() == 0


@pytest.mark.parametrize("masked", [True, False])
def test_ctrl_z_stops_the_job_and_fg_continues_it(house: Commands, masked: bool) -> None:
    """Whoever types before the program has stopped, as no person can, types for a read that it had begun."""
    text = "import os; print('begun', os.getpid(), flush=True); print('got', input('More: '))"
    screen, line = _shell(house, text, *(() if masked else ("--no-mask",)))
    with screen:
        screen.wait_for("shell> ")
        screen.type(line)
        screen.wait_for("More: ")
        program = int(re.findall(r"begun (\d+)", screen.shown)[-1])
        screen.press("\x1a")
        screen.wait_for("Stopped")
        screen.wait_for("shell> ")
        wait_until(lambda: "State:\tT" in Path(f"/proc/{program}/status").read_text())
        screen.type("echo shell has it; fg")
        screen.wait_for("shell has it\r\n")
        screen.wait_for("program.py")
        screen.type("the rest")
        screen.wait_for("got the rest")
        _leave(screen)


@pytest.mark.parametrize("end", ["pass", "import os; os.kill(os.getpid(), 9)", "import tty; tty.setraw(0)"])
def test_the_terminal_is_afterwards_as_it_was(house: Commands, end: str) -> None:
    screen, line = _shell(house, end)
    with screen:
        screen.wait_for("shell> ")
        screen.type(f"stty -g > before; {line}; stty -g > after; cmp before after && echo the same $((1 + 1))")
        screen.wait_for("the same 2")
        _leave(screen)


def test_a_job_in_the_background_leaves_the_terminal_alone(house: Commands) -> None:
    screen, line = _shell(house, "import os; print('shown', os.environ['API_KEY'])")
    with screen:
        screen.wait_for("shell> ")
        screen.type(f"{line} & wait; echo ended $?")
        screen.wait_for(f"shown {MARK}")
        screen.wait_for("ended 0")
        _leave(screen)


def test_an_output_that_is_no_terminal_is_none_for_the_command_either(house: Commands) -> None:
    screen, line = _shell(house, "import os; print([os.isatty(n) for n in range(3)], os.environ['API_KEY'])")
    with screen:
        screen.wait_for("shell> ")
        screen.type(f"{line} | cat")
        screen.wait_for(f"[True, False, True] {MARK}")
        screen.wait_for("shell> ")
        screen.type(f"echo input | {line}")
        screen.wait_for(f"[False, True, True] {MARK}")
        screen.wait_for("shell> ")
        screen.type(f"{line} 2>/dev/null")
        screen.wait_for(f"[True, True, False] {MARK}")
        _leave(screen)


# --- afterwards ---------------------------------------------------------------------------------------------------------------------------


def test_the_exit_code_is_the_command_s_own_at_a_terminal_too(house: Commands) -> None:
    with _screen(house, "raise SystemExit(23)") as screen:
        assert screen.end() == 23
    with _screen(house, f"import os; os.kill(os.getpid(), {int(signal.SIGTERM)})") as screen:
        assert screen.end() == 128 + signal.SIGTERM


def test_a_terminal_that_goes_away_ends_the_command(house: Commands) -> None:
    with _screen(house, "import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)") as screen:
        screen.wait_for("pid ")
        screen.wait_for("\r\n")
        child = int(screen.shown.rpartition("pid ")[2].split()[0])
    wait_until(lambda: not Path(f"/proc/{child}").exists() or "State:\tZ" in Path(f"/proc/{child}/status").read_text())
    assert os.getpid() != child
