"""Memory that was opened before a program hardened itself shows nothing that its secluded child holds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.parts.ordinary_user import OrdinaryUser, ordinary_user

SECRET = "canary-4f1c09-quartz"
PROGRAM = """
import sys
from agentsecrets.daemon.hardening import harden
from agentsecrets.daemon.seclusion import secluded

def work():
    print("hardened", flush=True)
    secret = sys.stdin.readline()
    print("holding", flush=True)
    sys.stdin.read()
    return 0

print("ready", flush=True)
sys.stdin.readline()
harden()
sys.exit({work})
"""


@pytest.fixture
def user() -> Iterator[OrdinaryUser]:
    with ordinary_user() as found:
        yield found


def _program(work: str) -> list[str]:
    return [sys.executable, "-I", "-P", "-c", PROGRAM.replace("{work}", work)]


@pytest.mark.other_uid
def test_memory_that_was_opened_too_early_shows_what_a_hardened_program_reads_later(user: OrdinaryUser) -> None:
    """The attack works: without it the next test would show nothing."""
    report = user.attack("hold_early", command=_program("work()"), secret=SECRET)
    assert report == {"read": 1, "opened": [], "processes": 1}


@pytest.mark.other_uid
def test_memory_that_was_opened_too_early_shows_nothing_of_a_secluded_child(user: OrdinaryUser) -> None:
    report = user.attack("hold_early", command=_program("secluded(work)"), secret=SECRET)
    assert report == {"read": 0, "opened": [], "processes": 2}


@pytest.mark.parametrize(("ending", "code"), [("return 7", 7), ("raise ValueError", 1), ("os.kill(os.getpid(), 9)", 137)])
def test_the_exit_code_of_secluded_work_is_the_programs(ending: str, code: int) -> None:
    program = f"import os, sys\nfrom agentsecrets.daemon.seclusion import secluded\ndef work():\n    {ending}\nsys.exit(secluded(work))"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=30, capture_output=True).returncode == code


def test_secluded_work_ends_when_the_program_that_waits_for_it_is_killed() -> None:
    program = (
        "import os, signal, time\nfrom agentsecrets.daemon.seclusion import secluded\n"
        "def work():\n    os.kill(os.getppid(), signal.SIGKILL)\n    time.sleep(60)\n    return 0\nsecluded(work)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.read() == b""  # ends when the child has closed it too
