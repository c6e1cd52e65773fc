"""Locks that one process at a time holds, on files of a state folder. A process that dies gives its own back by itself."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from agentsecrets.errors import AlreadyRunning, StateUnwritable


@contextlib.contextmanager
def held(path: Path, handed: int = -1) -> Iterator[int]:
    """Holds a lock.

    Args:
        path: Its file, made where it is missing.
        handed: The lock's descriptor when whoever started this process holds it already, -1 when not.

    Yields:
        The descriptor that holds it.

    Raises:
        AlreadyRunning: When another process holds it.
        StateUnwritable
    """
    with opened(path) as descriptor:
        if handed >= 0 and os.path.sameopenfile(handed, descriptor):
            os.dup2(handed, descriptor, inheritable=False)
            os.close(handed)
        if not take(descriptor):
            raise AlreadyRunning
        yield descriptor


@contextlib.contextmanager
def opened(path: Path) -> Iterator[int]:
    """The file of a lock that is not held yet; what was taken is given back at the end.

    Raises:
        StateUnwritable
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as failure:
        raise StateUnwritable(problem=failure.strerror or "unknown") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def take(descriptor: int) -> bool:
    """Takes an opened lock, unless another process holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
