"""What a hardened process leaves behind when it is killed, and how it knows a debugger."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PATTERN = Path("/proc/sys/kernel/core_pattern")
DIES = "import os, signal, sys\nfrom agentsecrets.daemon.hardening import harden\n{first}\nos.kill(os.getpid(), signal.{signal})"
LIBRARY = "import ctypes, os\nfrom agentsecrets.daemon.hardening import harden, is_traced\n"


def _leaves_core_files_here() -> bool:
    allowed = resource.getrlimit(resource.RLIMIT_CORE)[1] != 0
    return allowed and PATTERN.exists() and PATTERN.read_text().strip() in ("core", "core.%p")


def _with_room_for_a_core_file() -> None:
    for each in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(each, signal.SIG_DFL)  # a shell that starts the tests in the background has them ignored, and that is inherited
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def _core_of(folder: Path, first: str, name: str) -> list[Path]:
    command = [sys.executable, "-c", DIES.format(first=first, signal=name)]
    ended = subprocess.run(command, cwd=folder, check=False, timeout=30, preexec_fn=_with_room_for_a_core_file)
    assert ended.returncode < 0
    return list(folder.glob("core*"))


@pytest.mark.skipif(not _leaves_core_files_here(), reason="core files do not go to the current folder here")
def test_a_program_that_is_not_hardened_leaves_a_core_file(tmp_path: Path) -> None:
    assert _core_of(tmp_path, "", "SIGABRT")


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGQUIT", "SIGBUS"])
def test_a_hardened_program_leaves_no_core_file(tmp_path: Path, name: str) -> None:
    assert not _core_of(tmp_path, "harden()", name)


def test_files_of_a_hardened_program_are_for_its_user_alone(tmp_path: Path) -> None:
    program = LIBRARY + "harden()\nopen('made', 'w').close()\nos.mkdir('folder')"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=30)
    assert [oct((tmp_path / name).stat().st_mode & 0o777) for name in ("made", "folder")] == ["0o600", "0o700"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux tells by /proc")
@pytest.mark.parametrize(("first", "told"), [("", False), ("ctypes.CDLL(None).ptrace(0, 0, 0, 0)", True)], ids=["alone", "traced"])
def test_a_program_knows_whether_a_debugger_is_attached(first: str, *, told: bool) -> None:
    """PTRACE_TRACEME, request 0, makes the parent the debugger."""
    program = LIBRARY + f"{first}\nharden()\nprint(is_traced())"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30).stdout
    assert said == f"{told}\n"
