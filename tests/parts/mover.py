"""Both parts of a move between two state folders of this user, one of which ends both, or itself, at a chosen step as ``kill -9`` does.

Run it: ``python -m tests.parts.mover DEED SERVICE_HOME USER_HOME PART STEP ALONE``, with the password on standard input. ``PART`` is
``deed`` or ``other``, ``STEP`` the number of a step of it before which it is killed, 0 for never; ``ALONE`` is ``alone`` or ``both``. The
last line that it prints is what the deed answered, or the slug of its refusal.

A step is whatever changes a name in a folder, opens a file for writing or a database, or says something to the other part.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from typing import Any

from agentsecrets.daemon.moving import __main__ as users_part
from agentsecrets.daemon.moving.stream import Stream, Word
from agentsecrets.daemon.presence import perform
from agentsecrets.errors import AgentSecretsError

NAMES = ("os.link", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "sqlite3.connect")
PARTS = {"adopt": "give", "release": "take"}


def _kill_at(step: int, *, alone: bool) -> None:
    """Has this process killed before its step of that number."""
    taken, own, say = 0, os.getpid(), Stream.say

    def count() -> None:
        nonlocal taken
        taken += os.getpid() == own
        if taken == step:
            os.kill(own if alone else 0, signal.SIGKILL)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in NAMES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            count()

    def said(self: Stream, word: Word) -> None:
        count()
        say(self, word)

    Stream.say = said  # type: ignore[method-assign]
    sys.addaudithook(hook)


def main() -> int:
    deed, service_home, user_home, part, step, alone = sys.argv[1:]
    ours, theirs = socket.socketpair()
    child = os.fork()
    if part == ("deed" if child else "other") and int(step):
        _kill_at(int(step), alone=alone == "alone")
    if not child:
        ours.close()
        sys.argv[1:] = [PARTS[deed], user_home, str(theirs.detach())]
        os._exit(users_part.main())
    theirs.close()
    request = {"deed": deed, "home": service_home, "password_stdin": True, "user": "ada", "folder": user_home, "stream_fd": ours.detach()}
    try:
        sys.stdout.buffer.write(perform(json.dumps(request | ({"port": 0} if deed == "adopt" else {})).encode()))
    except AgentSecretsError as refusal:
        sys.stdout.write(refusal.slug)
        return refusal.exit_code
    finally:
        os.waitpid(child, 0)
    return 0


if __name__ == "__main__":
    os.setpgid(0, 0)
    sys.exit(main())
