"""A program of the same user that wants what the daemon and the presence program hold.

Run it: ``python -m tests.parts.attacker DEED JSON``. It uses what Linux gives to a process of the same user and nothing else: ``/proc``,
ptrace(2), process_vm_readv(2), pidfd_getfd(2), kcmp(2). Deeds print a JSON document of what they could do.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from agentsecrets.client.control import Control
from agentsecrets.errors import AgentSecretsError
from tests.parts.lurker import lurk
from tests.parts.memory import HeldMemory, read_file
from tests.parts.squatter import squat
from tests.parts.tracer import LIBC, SEIZE, checked, ptrace, trace

_PTRACE_ATTACH = 16
_KCMP = {"x86_64": 312, "aarch64": 272}
_PIDFD_GETFD = 438


class Range(ctypes.Structure):
    """``struct iovec``."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


_FILES = ("environ", "maps", "smaps", "auxv", "stack", "syscall", "personality", "numa_maps")
"""Files of a process that proc(5) keeps from everyone who may not trace it."""


# --- everything that can be tried on a process -----------------------------------------------------------------------------------------


def openings(pid: int) -> dict[str, Callable[[], object]]:
    """Ways to look into a process; each raises OSError when it is refused."""
    return {
        "mem": lambda: HeldMemory(pid),
        **{name: partial(read_file, f"/proc/{pid}/{name}") for name in _FILES},
        **{f"task {name}": partial(read_file, f"/proc/{pid}/task/{pid}/{name}") for name in ("mem", *_FILES)},
        **{name: partial(_list, f"/proc/{pid}/{name}") for name in ("fd", "fdinfo", "map_files")},
        **{name: Path(f"/proc/{pid}/{name}").readlink for name in ("exe", "cwd", "root")},
        **{f"fd {number}": partial(read_file, f"/proc/{pid}/fd/{number}") for number in range(16)},
        **{f"pidfd_getfd {number}": partial(_pidfd_getfd, pid, number) for number in range(16)},
        "ptrace attach": lambda: ptrace(_PTRACE_ATTACH, pid),
        "ptrace seize": lambda: ptrace(SEIZE, pid),
        "process_vm_readv": lambda: _process_vm_readv(pid),
        "kcmp": lambda: _kcmp(pid),
    }


def _list(path: str) -> list[Path]:
    return list(Path(path).iterdir())


def _process_vm_readv(pid: int) -> int:
    room = ctypes.create_string_buffer(8)
    here = Range(ctypes.addressof(room), 8)
    there = Range(id(None), 8)  # programs of one interpreter that is not position-independent have None at one place
    return checked(int(LIBC.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)))


def _pidfd_getfd(pid: int, number: int) -> int:
    handle = os.pidfd_open(pid)
    try:
        return checked(int(LIBC.syscall(_PIDFD_GETFD, handle, number, 0)))
    finally:
        os.close(handle)


def _kcmp(pid: int) -> int:
    return checked(int(LIBC.syscall(_KCMP[os.uname().machine], os.getpid(), pid, 0, 0, 0)))


def open_processes(pids: list[int]) -> list[str]:
    """What of these processes could be opened: ``PID WAY``."""
    opened = []
    for pid in pids:
        for way, attempt in openings(pid).items():
            try:
                attempt()
            except (PermissionError, FileNotFoundError):
                continue
            except OSError:  # it was let in, and then found nothing there
                if not Path(f"/proc/{pid}").exists():
                    continue  # it has ended
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
            if folder.name.isdecimal() and int(read_file(f"{folder}/stat").rpartition(b")")[2].split()[1]) == pid:
                found.append(int(folder.name))
    return found


def raise_core_limit(pid: int) -> str:
    """Tries to let a process leave a core file; answers what came of it."""
    try:
        resource.prlimit(pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except PermissionError:
        return "refused"
    return "raised"


def kill(pid: int, number: int) -> None:
    """Sends a signal."""
    os.kill(pid, number)


def read_everything(root: str) -> list[str]:
    """All that can be read below a folder, as Latin-1; ``refused`` for what cannot."""
    found = []
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                found.append(path.read_bytes().decode("latin-1"))
    return found


def bind(addresses: list[str], port: int) -> list[str]:
    """Those of the addresses on which a port could be taken, with every option that lets two programs share it."""
    taken = []
    for address in addresses:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            with contextlib.suppress(OSError):
                listener.bind((address, port))
                listener.listen()
                taken.append(address)
    return taken


def ask(home: str, verbs: list[str]) -> dict[str, str]:
    """What the daemon's control socket answers to these verbs: its JSON, or the slug of its refusal."""
    answers = {}
    for verb in verbs:
        try:
            answers[verb] = json.dumps(Control(Path(home)).ask(verb))
        except AgentSecretsError as refusal:
            answers[verb] = refusal.slug
    return answers


DEEDS: dict[str, Callable[..., Any]] = {
    "open": open_processes,
    "hold_early": hold_early,
    "children": children_of,
    "core": raise_core_limit,
    "kill": kill,
    "read": read_everything,
    "bind": bind,
    "ask": ask,
    "lurk": lurk,
    "trace": trace,
    "squat": squat,
}


if __name__ == "__main__":
    signal.alarm(90)
    json.dump(DEEDS[sys.argv[1]](**json.loads(sys.argv[2])), sys.stdout)
