"""The keychain of the operating system, for whoever cannot wait for it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from typing import NamedTuple

import msgspec

from agentsecrets.daemon.keychain.question import Question, Told
from agentsecrets.errors import KeychainMissing, KeychainSilent
from agentsecrets.wire.bus import bus_address
from agentsecrets.wire.failures import from_json

SECONDS = 2.5
"""How long one conversation may take, from the start of the program to its answer; with what is around it, a command ends in 3 s."""

_MOST_TOLD = 1 << 16


class BoundedKeychain:
    """``ports.Keychain`` in a program of its own, which is killed when it takes too long: a keychain that hangs holds nobody up.

    The library, the bus and the drivers of keychains are never loaded into a process that holds a person's keys.
    """

    def check(self) -> str:
        """Its name; raises unless it could be used now. It is not asked to open itself."""
        return _ask(Question(verb="check")).name

    def read(self, item: str) -> bytes | None:
        """The key in an item, None when there is no such item."""
        return _ask(Question(verb="read", item=item)).key

    def write(self, item: str, key: bytes) -> None:
        """Makes or replaces an item."""
        _ask(Question(verb="write", item=item, key=key))

    def delete(self, item: str) -> None:
        """Removes an item, if there is one."""
        _ask(Question(verb="delete", item=item))


class _Running(NamedTuple):
    pid: int
    asked: int
    answers: int


def _ask(question: Question) -> Told:
    deadline = time.monotonic() + SECONDS
    running = _started()
    try:
        said = _told(running, msgspec.json.encode(question), deadline)
    finally:
        os.close(running.asked)
        os.close(running.answers)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(running.pid, 0)[1])
    if said is None:
        raise KeychainSilent(seconds=SECONDS)
    try:
        return msgspec.json.decode(said, type=Told)
    except msgspec.MsgspecError:
        raise from_json(said) if said else KeychainMissing(problem=f"the program that speaks with it ended with {code}") from None


def _started() -> _Running:
    """Starts the program in a process group of its own, with a clean environment."""
    asked, ours = os.pipe()
    answers, told = os.pipe()
    nothing = os.open(os.devnull, os.O_WRONLY)
    command = [sys.executable, "-I", "-P", "-m", "agentsecrets.daemon.keychain", str(os.getpid())]
    environment = {"HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", **bus_address(os.environ)}
    standard = [(os.POSIX_SPAWN_DUP2, descriptor, at) for at, descriptor in enumerate((asked, told, nothing))]
    try:
        pid = os.posix_spawn(sys.executable, command, environment, file_actions=standard, setpgroup=0)
    except OSError as failure:
        os.close(ours)
        os.close(answers)
        raise KeychainMissing(problem=failure.strerror or "unknown") from None
    finally:
        for descriptor in (asked, told, nothing):
            os.close(descriptor)
    return _Running(pid, ours, answers)


def _told(running: _Running, question: bytes, deadline: float) -> bytes | None:
    """All that comes until the other end is closed, None when it takes too long."""
    with contextlib.suppress(BrokenPipeError):  # it has ended: what it said, if anything, is still there
        os.write(running.asked, question + b"\n")
    said = b""
    while True:
        ready, _, _ = select.select([running.answers], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        part = os.read(running.answers, _MOST_TOLD)
        said += part
        if not part or len(said) > _MOST_TOLD:
            return said
