"""Moves between two state folders of this very user, as both processes of a real move make them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

from agentsecrets.daemon.moving.stream import Stream
from tests.parts.commands import NO_BUS, PASSWORD, Commands
from tests.parts.machine import REPOSITORY

_DEED = "import sys\nfrom agentsecrets.daemon.presence import perform\nprint(perform(sys.argv[1].encode()).decode())"


class Kill(NamedTuple):
    """Who is killed, and when.

    Attributes:
        part: ``deed`` or ``other``.
        step: Before which of its steps, 0 for never.
        alone: Whether the other part lives on.
    """

    part: str = "deed"
    step: int = 0
    alone: bool = True


NOBODY = Kill()


def move(deed: str, service: Commands, user: Commands, kill: Kill = NOBODY, *, bus: str = NO_BUS) -> tuple[int, str]:
    """Moves a vault, and has one of the two processes, or both, killed before a step of it (``tests.parts.mover``).

    Returns:
        The exit code, and what the deed answered or the slug of its refusal.
    """
    words = ["tests.parts.mover", deed, str(service.home), str(user.home), kill.part, str(kill.step), "alone" if kill.alone else "both"]
    ended = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=REPOSITORY,
        env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": bus},
        input=PASSWORD,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = ended.stdout.splitlines()
    return ended.returncode, said[-1] if said else ended.stderr


def release_to(service: Commands, taker: Callable[[Stream], None]) -> subprocess.CompletedProcess[str]:
    """Has the vault of a service given to somebody of our own making."""
    ours, theirs = socket.socketpair()
    with theirs:
        request = {"deed": "release", "home": str(service.home), "password_stdin": True, "user": "ada", "folder": "/x"}
        words = [sys.executable, "-c", _DEED, json.dumps({**request, "stream_fd": theirs.fileno()})]
        pipe = subprocess.PIPE
        giving = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True, pass_fds=(theirs.fileno(),))
    assert giving.stdin is not None
    giving.stdin.write(PASSWORD + "\n")
    giving.stdin.flush()
    with Stream(ours.detach(), 30.0) as stream:
        taker(stream)
    out, err = giving.communicate(timeout=60)
    return subprocess.CompletedProcess(words, giving.returncode, out, err)
