"""Becoming the hand-over program: same process, so that the shell's job is the hand-over, with a clean environment."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from agentsecrets.client.launch import clean_environment, program
from agentsecrets.wire.handover import Order


def become_handover(order: Order) -> NoReturn:
    """Replaces this process by the hand-over program. The order, with all of this environment, goes through a pipe.

    Args:
        order: What it is to do.

    Raises:
        OSError: When the system cannot start it.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    reading = _piped(order.encode())
    os.set_inheritable(reading, True)
    command = [*program("agentsecrets.daemon.handover"), str(reading)]
    os.execve(command[0], command, clean_environment())  # noqa: S606  (our own program, without a shell)


def _piped(content: bytes) -> int:
    """A descriptor from which the content can be read, however long it is: a process that nobody has to wait for writes it."""
    reading, writing = os.pipe()
    middle = os.fork()
    if middle == 0:
        if os.fork() == 0:
            os.close(reading)
            _write(writing, content)
        os._exit(0)
    os.close(writing)
    os.waitpid(middle, 0)
    return reading


def _write(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError:
        pass  # the reader has gone: there is nobody left to tell
    os._exit(0)
