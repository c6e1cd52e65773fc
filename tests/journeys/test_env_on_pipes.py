"""``agentsecrets env`` in scripts: streams, exit codes, signals and faults, without a terminal."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.parts.commands import PASSWORD, PROGRAM, VALUE, Commands, commands
from tests.parts.patience import wait_until

MARK = "[REDACTED_BY_AGENTSECRETS]"
SECONDS = 30.0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """An account with two secrets, and two commands that are remembered, so that most runs need no password."""
    with commands(tmp_path_factory.mktemp("env")) as ready:
        ready.run("secrets", "set", "API_KEY=-", said=VALUE)
        ready.run("secrets", "set", "OTHER_KEY=-", said="other-" + VALUE)
        for words in (ready.python("pass"), _shell(ready, ":")):
            ready.run("env", "--password-stdin", "--remember", *words, said=PASSWORD)
        yield ready


def _shell(house: Commands, text: str) -> tuple[str, ...]:
    """The words that run some lines of shell; always the same."""
    (house.folder / "script.sh").write_text(text)
    return ("--", "sh", "script.sh")


def _with_password(house: Commands, *words: str) -> subprocess.CompletedProcess[str]:
    return house.end("env", "--password-stdin", *words, said=PASSWORD + "\n")


@contextmanager
def _running(house: Commands, words: tuple[str, ...]) -> Iterator[subprocess.Popen[bytes]]:
    """A command under way, in a session without a terminal."""
    program = subprocess.Popen(
        [PROGRAM, "env", *words],
        cwd=house.folder,
        env=house.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield program
    finally:
        if program.poll() is None:
            program.kill()
        program.wait()
        for pipe in (program.stdin, program.stdout, program.stderr):
            if pipe is not None:
                pipe.close()


def _read_until(program: subprocess.Popen[bytes], text: bytes) -> bytes:
    """Reads standard output until a text stands there, without waiting for a line to end."""
    assert program.stdout is not None
    seen, deadline = b"", time.monotonic() + SECONDS
    while text not in seen:
        ready, _, _ = select.select([program.stdout], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, seen
        part = os.read(program.stdout.fileno(), 65536)
        assert part, seen
        seen += part
    return seen


# --- what the command gets ----------------------------------------------------------------------------------------------------------------


def test_the_command_has_every_value_on_top_of_the_shell_s_variables(house: Commands) -> None:
    text = "import os, json; print(json.dumps([len(os.environ['API_KEY']), os.environ['OTHER_KEY'][:6], os.environ['MINE']]))"
    ended = house.end("env", *house.python(text), MINE="kept", API_KEY="from the shell")
    assert json.loads(ended.stdout) == [len(VALUE), "other-", "kept"], ended.stderr


def test_only_what_is_named_is_handed_over(house: Commands) -> None:
    text = "import os; print(sorted(name for name in os.environ if name.endswith('_KEY')))"
    assert _with_password(house, "--only", "API_KEY", *house.python(text)).stdout == "['API_KEY']\n"
    assert _with_password(house, "--only", "API_KEY,OTHER_KEY", *house.python(text)).stdout == "['API_KEY', 'OTHER_KEY']\n"
    refused = _with_password(house, "--only", "NO_SUCH_KEY", *house.python(text))
    assert refused.returncode == 5
    assert "NO_SUCH_KEY" in refused.stderr


def test_a_value_that_is_no_text_arrives_byte_for_byte(tmp_path: Path) -> None:
    raw = bytes(range(1, 256))
    with commands(tmp_path) as fresh:
        subprocess.run([PROGRAM, "secrets", "set", "RAW"], cwd=fresh.folder, env=fresh.environment, input=raw, check=True, timeout=60)
        text = "import os, hashlib; print(hashlib.sha256(os.environb[b'RAW']).hexdigest())"
        assert _with_password(fresh, *fresh.python(text)).stdout.strip() == hashlib.sha256(raw.removesuffix(b"\n")).hexdigest()


def test_standard_input_folder_and_file_mode_mask_are_the_shell_s(house: Commands) -> None:
    ended = house.end("env", *_shell(house, "cat; pwd; umask"), said="for the command\n")
    folder, mask = ended.stdout.splitlines()[1:]
    assert ended.stdout.startswith("for the command\n")
    assert (Path(folder), int(mask, 8)) == (house.folder, _mask())


def _mask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def test_without_secrets_the_command_runs_and_says_so(tmp_path: Path) -> None:
    with commands(tmp_path) as fresh:
        ended = fresh.end("env", "--", "echo", "ran")
        assert (ended.returncode, ended.stdout) == (0, "ran\n")
        assert "there are no secrets in shop, development" in ended.stderr


# --- what the person gets -----------------------------------------------------------------------------------------------------------------


def test_values_are_taken_out_of_both_outputs_and_the_rest_is_left_as_it_is(house: Commands) -> None:
    ended = house.end("env", *_shell(house, r'printf "a $API_KEY b\r\nend"; printf "err $OTHER_KEY" >&2'))
    assert ended.stdout == f"a {MARK} b\nend"  # read as text: \r\n is one line end
    assert VALUE not in ended.stderr
    assert MARK in ended.stderr


def test_a_value_in_writes_of_one_byte_is_taken_out(house: Commands) -> None:
    text = "import os\nfor byte in os.environb[b'API_KEY'] + b'!': os.write(1, bytes([byte]))"
    assert house.end("env", *house.python(text)).stdout == f"{MARK}!"


def test_output_without_values_is_the_same_byte_for_byte(house: Commands) -> None:
    text = "import os, random; random.seed(7); [os.write(1, random.randbytes(random.randrange(1, 9000))) for _ in range(300)]"
    plain = subprocess.run([sys.executable, "-c", text], capture_output=True, check=True, timeout=60).stdout
    with _running(house, house.python(text)) as program:
        shown, _ = program.communicate(timeout=60)
    assert hashlib.sha256(shown).digest() == hashlib.sha256(plain).digest()


def test_both_outputs_into_one_file_keep_their_order(house: Commands, tmp_path: Path) -> None:
    text = "import os\nfor n in range(200): os.write(1 + n % 2, b'%d\\n' % n)"
    with (tmp_path / "log").open("wb") as log:
        command = [PROGRAM, "env", *house.python(text)]
        subprocess.run(command, cwd=house.folder, env=house.environment, stdout=log, stderr=log, timeout=60, check=True)
    assert (tmp_path / "log").read_text().split() == [str(number) for number in range(200)]


def test_without_mask_the_command_has_the_outputs_themselves(house: Commands) -> None:
    ended = house.end("env", "--no-mask", *_shell(house, 'echo "$API_KEY"'))
    assert ended.stdout == VALUE + "\n"


def test_a_line_protocol_gets_each_answer_as_it_is_given(house: Commands) -> None:
    text = """if True:
        import json, os, sys
        for line in sys.stdin:
            asked = json.loads(line)
            print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": os.environ["API_KEY"]}), flush=True)
    """
    with _running(house, house.python(text)) as program:
        assert program.stdin is not None
        for number in range(20):
            program.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": "tell"}).encode() + b"\n")
            program.stdin.flush()
            assert json.loads(_read_until(program, b"\n")) == {"jsonrpc": "2.0", "id": number, "result": MARK}
        program.stdin.close()
        assert program.wait(SECONDS) == 0


def test_a_prompt_is_shown_before_it_is_answered(house: Commands) -> None:
    with _running(house, house.python("print('hello ' + input('Name: '))")) as program:
        assert program.stdin is not None
        assert _read_until(program, b"Name: ") == b"Name: "
        program.stdin.write(b"Ada\n")
        program.stdin.flush()
        assert _read_until(program, b"\n") == b"hello Ada\n"


def test_a_reader_that_leaves_ends_the_command(house: Commands) -> None:
    with _running(house, _shell(house, "while echo line; do :; done")) as program:
        assert program.stdout is not None
        _read_until(program, b"line\n")
        program.stdout.close()
        assert program.wait(SECONDS) == 128 + signal.SIGPIPE


def test_a_program_left_behind_is_not_waited_for(house: Commands) -> None:
    with _running(house, _shell(house, "sleep 60 & echo $!")) as program:
        left = int(_read_until(program, b"\n"))
        try:
            assert program.wait(SECONDS) == 0
        finally:
            os.kill(left, signal.SIGKILL)


# --- how it ends --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_the_exit_code_is_the_command_s_own(house: Commands, code: int) -> None:
    assert house.end("env", *_shell(house, f"exit {code}")).returncode == code


@pytest.mark.parametrize("masked", [True, False])
def test_a_command_that_was_killed_ends_as_shells_say_it(house: Commands, masked: bool) -> None:
    flags = () if masked else ("--no-mask",)
    assert house.end("env", *flags, *_shell(house, "kill -KILL $$")).returncode == 128 + signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_is_passed_on_once(house: Commands, number: signal.Signals) -> None:
    text = f"""if True:
        import signal, sys, time
        seen = []
        signal.signal({int(number)}, lambda *_: seen.append(1))
        print("ready", flush=True)
        while not seen: time.sleep(0.01)
        time.sleep(0.2)
        sys.exit(40 + len(seen))
    """
    with _running(house, house.python(text)) as program:
        _read_until(program, b"ready\n")
        program.send_signal(number)
        assert program.wait(SECONDS) == 41


def test_when_the_hand_over_is_killed_the_command_ends_too(house: Commands) -> None:
    with _running(house, house.python("import os, time; print(os.getpid(), flush=True); time.sleep(60)")) as program:
        child = int(_read_until(program, b"\n"))
        program.kill()
        wait_until(lambda: not Path(f"/proc/{child}").exists() or "State:\tZ" in Path(f"/proc/{child}/status").read_text())


def test_a_command_that_does_not_exist_is_refused_before_the_password(house: Commands) -> None:
    before = len(_handovers(house))
    ended = house.end("env", "--output", "json", "--", "no-such-program")
    assert ended.returncode == 127
    assert json.loads(ended.stdout)["error"] == "command_not_found"
    assert len(_handovers(house)) == before


def test_a_file_that_is_no_program_is_refused(house: Commands) -> None:
    (house.folder / "text").write_text("not a program")
    ended = _with_password(house, "--", "./text")
    assert ended.returncode == 126
    assert "hint:" in ended.stderr


def test_values_that_do_not_fit_are_refused_in_words(tmp_path: Path) -> None:
    with commands(tmp_path) as fresh:
        for name in ("ONE", "TWO", "THREE"):
            fresh.run("secrets", "set", f"{name}=-", said="x" * 65536)
        ended = subprocess.run(
            [PROGRAM, "env", "--password-stdin", "--no-mask", "--", "true"],
            cwd=fresh.folder,
            env=fresh.environment,
            input=PASSWORD,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (512 << 10, 512 << 10)),  # a quarter of it limits execve(2)
        )
        assert ended.returncode == 2
        assert "cannot start with 3 secrets" in ended.stderr
        assert "x" * 100 not in ended.stdout + ended.stderr


def test_without_a_command_there_is_nothing_to_run(house: Commands) -> None:
    assert house.ask("env", code=2)["error"] == "bad_usage"


# --- who may ------------------------------------------------------------------------------------------------------------------------------


def test_without_a_person_there_is_no_hand_over(house: Commands) -> None:
    assert house.end("env", "--output", "json", "--", "true").returncode == 4
    assert json.loads(house.end("env", "--output", "json", "--", "true").stdout)["error"] == "presence_required"


def test_with_a_wrong_password_there_is_no_hand_over(house: Commands) -> None:
    before = len(_handovers(house))
    ended = house.end("env", "--password-stdin", "--", "echo", "ran", said="not the password\n")
    assert ended.returncode == 4
    assert "ran" not in ended.stdout
    assert len(_handovers(house)) == before


def test_a_name_that_programs_obey_is_never_handed_over(tmp_path: Path) -> None:
    with commands(tmp_path) as fresh:
        fresh.run("secrets", "set", "API_KEY=-", said=VALUE)
        fresh.run("secrets", "set", "LD_PRELOAD=-", said="/tmp/evil.so")
        refused = _with_password(fresh, "--", "echo", "ran")
        assert refused.returncode == 4
        assert "LD_PRELOAD" in refused.stderr
        assert _with_password(fresh, "--only", "API_KEY", "--", "echo", "ran").stdout == "ran\n"


def test_each_hand_over_stands_in_the_log_with_names_and_without_arguments(house: Commands) -> None:
    _with_password(house, "--only", "API_KEY", "--", "/bin/echo", "an-argument")
    line = _handovers(house)[-1]
    assert (line["secret_keys"], line["auth_styles"], line["program"], line["status"]) == (["API_KEY"], ["env"], "echo", "OK")
    assert "an-argument" not in json.dumps(line)
    assert house.ask("log", "verify")["first_bad"] is None


def _handovers(house: Commands) -> list[dict[str, object]]:
    return [line for line in house.ask("proxy", "logs", "--last", "1000") if line["action"] == "handover"]


def test_a_remembered_command_needs_no_person_until_it_is_forgotten(house: Commands) -> None:
    words = ("--only", "API_KEY", "--", "sh", "-c", 'test -n "$API_KEY" && echo has it')
    given = _with_password(house, "--remember", *words)
    assert given.stdout == "has it\n"
    assert "remembered" in given.stderr
    assert house.run("env", *words) == "has it\n"
    for other in (("--only", "API_KEY", "--", "sh", "-c", "echo other"), ("--", *words[3:])):
        assert house.end("env", *other).returncode == 4, other
    elsewhere = house.folder / "elsewhere"
    elsewhere.mkdir()
    assert house.end("env", *words, folder=elsewhere).returncode == 4
    before = house.ask("env", "--remembered")
    known = before[-1]
    assert (known["command"], known["keys"], known["folder"]) == (list(words[3:]), ["API_KEY"], str(house.folder))
    assert "Not remembered any more" in house.run("env", "--forget", known["id"][:8])
    assert house.end("env", *words).returncode == 4
    assert house.ask("env", "--remembered") == before[:-1]
    assert house.ask("env", "--forget", known["id"], code=5)["error"] == "remembered_not_found"
