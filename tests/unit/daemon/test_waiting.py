"""A daemon that waits for its keys lives for itself, and ends when none come."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from tests.parts.patience import wait_until

PROGRAM = """
import sys
from agentsecrets.daemon.waiting import WaitingDaemon

WaitingDaemon(["--home", sys.argv[1]])
sys.stdin.read()
"""


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _held(child: int) -> list[str]:
    held = []
    for path in Path(f"/proc/{child}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            held.append(os.readlink(path))  # noqa: PTH115  (a pipe is no path)
    return sorted(target.split(":")[0] for target in held)


def test_it_is_listed_as_what_it_is_holds_nothing_of_its_parent_and_ends_with_it(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path / "home")], stdin=subprocess.PIPE) as parent:
        assert parent.stdin is not None
        wait_until(lambda: bool(_children(parent.pid)))
        [child] = _children(parent.pid)
        listed = Path(f"/proc/{child}/cmdline")
        wait_until(lambda: listed.read_bytes().rstrip(b"\0") == b"agentsecrets-daemon")
        wait_until(lambda: _held(child) == ["/dev/null", "/dev/null", "/dev/null", "pipe", "socket"])  # while it imports, files are open
        assert os.getsid(child) == child
        parent.stdin.close()
        parent.wait(20)
    wait_until(lambda: not listed.exists())
    assert not (tmp_path / "home").exists()
