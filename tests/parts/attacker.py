"""A program of the same user that wants what the daemon and the presence program hold.

Run it: ``python -m tests.parts.attacker DEED JSON``. It uses what Linux gives to a process of the same user and nothing else: ``/proc``,
ptrace(2), process_vm_readv(2), pidfd_getfd(2), kcmp(2). Deeds print a JSON document of what they could do.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

PAGE = 4096
_BLOCK = 1 << 20
_BEYOND = 64 << 20
"""How far beyond what was mapped at first memory is searched: what is mapped later lies beside it."""

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_LIBC.ptrace.restype = ctypes.c_long
_PTRACE_ATTACH, _PTRACE_CONT, _PTRACE_SEIZE, _PTRACE_DETACH = 16, 7, 0x4206, 17
_TRACE_ALL = 2 | 4 | 8 | 16
"""PTRACE_O_TRACEFORK, TRACEVFORK, TRACECLONE, TRACEEXEC: whatever the traced one starts is traced too."""
_WALL = 0x40000000
_KCMP = {"x86_64": 312, "aarch64": 272}
_PIDFD_GETFD = 438


class Range(ctypes.Structure):
    """``struct iovec``."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


# --- memory ---------------------------------------------------------------------------------------------------------------------------


class HeldMemory:
    """``/proc/PID/mem`` of a process, opened once: later reads need no permission any more.

    Raises:
        OSError: When the kernel refuses.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
        self._maps = [_range_of(line) for line in _read(f"/proc/{pid}/maps").splitlines()]

    def holds(self, needles: list[bytes]) -> list[bytes]:
        """Those of the needles that stand in it now, also where nothing was mapped when it was opened."""
        found = set()
        for start, end in self._places():
            for block in self._blocks(start, end):
                found |= {needle for needle in needles if needle in block}
        return sorted(found)

    def _places(self) -> Iterator[tuple[int, int]]:
        for start, end in self._maps:
            yield start, end
        for start, end in _gaps(self._maps):
            yield start, min(end, start + _BEYOND)
            yield max(start, end - _BEYOND), end

    def _blocks(self, start: int, end: int) -> Iterator[bytes]:
        before = b""
        while start < end:
            try:
                block = os.pread(self._memory, min(_BLOCK, end - start), start)
            except (OSError, OverflowError):
                block = b""
            yield before + block
            before = block[-256:]
            start += len(block) or PAGE


def _range_of(line: bytes) -> tuple[int, int]:
    start, end = line.split()[0].split(b"-")
    return int(start, 16), int(end, 16)


def _gaps(maps: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for (_, end), (start, _) in pairwise(maps):
        if end < start < 1 << 47:
            yield end, start


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return os.read(descriptor, _BLOCK)
    finally:
        os.close(descriptor)


_FILES = ("environ", "maps", "smaps", "auxv", "stack", "syscall", "personality", "numa_maps")
"""Files of a process that proc(5) keeps from everyone who may not trace it."""


# --- everything that can be tried on a process -----------------------------------------------------------------------------------------


def openings(pid: int) -> dict[str, Callable[[], object]]:
    """Ways to look into a process; each raises OSError when it is refused."""
    return {
        "mem": lambda: HeldMemory(pid),
        **{name: partial(_read, f"/proc/{pid}/{name}") for name in _FILES},
        **{f"task {name}": partial(_read, f"/proc/{pid}/task/{pid}/{name}") for name in ("mem", *_FILES)},
        **{name: partial(_list, f"/proc/{pid}/{name}") for name in ("fd", "fdinfo", "map_files")},
        **{name: Path(f"/proc/{pid}/{name}").readlink for name in ("exe", "cwd", "root")},
        **{f"fd {number}": partial(_read, f"/proc/{pid}/fd/{number}") for number in range(16)},
        **{f"pidfd_getfd {number}": partial(_pidfd_getfd, pid, number) for number in range(16)},
        "ptrace attach": lambda: _ptrace(_PTRACE_ATTACH, pid),
        "ptrace seize": lambda: _ptrace(_PTRACE_SEIZE, pid),
        "process_vm_readv": lambda: _process_vm_readv(pid),
        "kcmp": lambda: _kcmp(pid),
    }


def _list(path: str) -> list[Path]:
    return list(Path(path).iterdir())


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def _ptrace(request: int, pid: int, argument: int = 0) -> int:
    return _checked(int(_LIBC.ptrace(request, pid, None, argument)))


def _process_vm_readv(pid: int) -> int:
    room = ctypes.create_string_buffer(8)
    here = Range(ctypes.addressof(room), 8)
    there = Range(id(None), 8)  # programs of one interpreter that is not position-independent have None at one place
    return _checked(int(_LIBC.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)))


def _pidfd_getfd(pid: int, number: int) -> int:
    handle = os.pidfd_open(pid)
    try:
        return _checked(int(_LIBC.syscall(_PIDFD_GETFD, handle, number, 0)))
    finally:
        os.close(handle)


def _kcmp(pid: int) -> int:
    return _checked(int(_LIBC.syscall(_KCMP[os.uname().machine], os.getpid(), pid, 0, 0, 0)))


def open_processes(pids: list[int]) -> list[str]:
    """What of these processes could be opened: ``PID WAY``."""
    opened = []
    for pid in pids:
        for way, attempt in openings(pid).items():
            with contextlib.suppress(PermissionError, FileNotFoundError):
                attempt()
                opened.append(f"{pid} {way}")
    return opened


# --- a program in the window before it hardens itself ----------------------------------------------------------------------------------


def hold_early(command: list[str], secret: str) -> dict[str, Any]:
    """Opens the memory of a program that is not hardened yet, has it go on, gives it a secret, and reads through what is held open.

    The program prints ``ready``, reads a line, prints ``hardened``, reads the secret as a line, prints ``holding``, and waits.
    """
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as victim:
        assert victim.stdin is not None
        assert victim.stdout is not None
        assert victim.stdout.readline() == b"ready\n"
        held = HeldMemory(victim.pid)
        victim.stdin.write(b"go on\n")
        victim.stdin.flush()
        assert victim.stdout.readline() == b"hardened\n"
        victim.stdin.write(secret.encode() + b"\n")
        victim.stdin.flush()
        assert victim.stdout.readline() == b"holding\n"
        everyone = [victim.pid, *children_of(victim.pid)]
        return {"read": len(held.holds([secret.encode()])), "opened": open_processes(everyone), "processes": len(everyone)}


def children_of(pid: int) -> list[int]:
    """Processes whose parent this one is: what ``stat`` says is for everyone to read."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if folder.name.isdecimal() and int(_read(f"{folder}/stat").rpartition(b")")[2].split()[1]) == pid:
                found.append(int(folder.name))
    return found


DEEDS: dict[str, Callable[..., Any]] = {"open": open_processes, "hold_early": hold_early}


if __name__ == "__main__":
    signal.alarm(90)
    json.dump(DEEDS[sys.argv[1]](**json.loads(sys.argv[2])), sys.stdout)
