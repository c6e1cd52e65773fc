"""A debugger of the same user, attached to a program before it begins, and to everything that it starts."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
from typing import Any

from tests.parts.memory import say

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
LIBC.ptrace.restype = ctypes.c_long
SEIZE = 0x4206
_CONT, _LISTEN = 7, 0x4208
_EVENT_STOP = 128
_EVERYTHING = 2 | 4 | 8 | 16
"""PTRACE_O_TRACEFORK, TRACEVFORK, TRACECLONE, TRACEEXEC: whatever the traced one starts is traced too."""
_WALL = 0x40000000
_STOPPING = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


def checked(result: int) -> int:
    """The result of a system call.

    Raises:
        OSError: When it failed.
    """
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def ptrace(request: int, pid: int, argument: int = 0) -> int:
    """ptrace(2) without an address."""
    return checked(int(LIBC.ptrace(request, pid, None, argument)))


def trace(command: list[str], environment: dict[str, str], said: str, *, stays: bool = False) -> dict[str, Any]:
    """Runs a command with everything that it starts under a debugger; answers how it ended.

    Args:
        command: The command line.
        environment: Its environment.
        said: Its standard input.
        stays: Whether to stay attached, after a line that says so, until standard input ends.
    """
    go, went = os.pipe()
    stdin, ours = os.pipe()
    os.write(ours, said.encode())
    os.close(ours)
    output = os.memfd_create("output")
    child = os.fork()
    if not child:
        os.close(went)
        os.read(go, 1)
        for number, descriptor in enumerate((stdin, output, output)):
            os.dup2(descriptor, number)
        os.execve(command[0], command, environment)
    ptrace(SEIZE, child, _EVERYTHING)
    os.close(go)
    os.write(went, b"g")
    os.close(stdin)
    seen = {child}
    code = _follow(child, seen)
    said_at_end = os.pread(output, 1 << 20, 0).decode()
    if stays:
        say(f"attached {code}")
        while not select.select([sys.stdin], [], [], 0)[0]:
            _step(seen)
    return {"code": code, "output": said_at_end, "traced": sorted(seen)}


def _follow(child: int, seen: set[int]) -> int:
    while True:
        ended, status = _step(seen)
        if ended == child:
            return os.waitstatus_to_exitcode(status)


def _step(seen: set[int]) -> tuple[int, int]:
    """Lets whoever has stopped go on; answers who has ended, 0 for nobody."""
    try:
        pid, status = os.waitpid(-1, _WALL | os.WNOHANG)
    except ChildProcessError:
        pid, status = 0, 0
    if pid == 0:
        time.sleep(0.002)
        return 0, 0
    seen.add(pid)
    if not os.WIFSTOPPED(status):
        return pid, status
    event, number = status >> 16, os.WSTOPSIG(status)
    if event == _EVENT_STOP and number in _STOPPING:
        ptrace(_LISTEN, pid)
    else:
        ptrace(_CONT, pid, 0 if event else number)
    return 0, 0
