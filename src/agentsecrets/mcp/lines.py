"""Lines from one descriptor and to another; what is read is bounded, and what is written stays whole."""

from __future__ import annotations

import _thread
import os
from collections.abc import Iterator

from agentsecrets.client.quick import BLOCK, write_all

LONGEST = 16 << 20
"""Longest line that is read, in bytes: a body of 10 MiB has room in it."""


def lines(descriptor: int, longest: int = LONGEST) -> Iterator[bytes | None]:
    """Each line until the end, without its line end; None for one that was too long, of which nothing is kept.

    Args:
        descriptor: What to read.
        longest: Longest line, in bytes.
    """
    held, skipping = bytearray(), False
    while block := _read(descriptor):
        *ended, rest = block.split(b"\n")
        for line in ended:
            held += line
            if skipping or len(held) > longest:
                yield None
            elif held.strip():
                yield bytes(held)
            held, skipping = bytearray(), False
        held += rest
        if len(held) > longest:
            held, skipping = bytearray(), True
    if skipping or held.strip():
        yield None if skipping else bytes(held)


class Writer:
    """Writes whole lines, from any thread."""

    __slots__ = ("_descriptor", "_turn")

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._turn = descriptor, _thread.allocate_lock()

    def write(self, line: bytes) -> None:
        """Writes one line.

        Raises:
            OSError: When nobody reads any more.
        """
        with self._turn:
            write_all(self._descriptor, line)


def _read(descriptor: int) -> bytes:
    while True:
        try:
            return os.read(descriptor, BLOCK)
        except BlockingIOError:
            import select

            select.select((descriptor,), (), ())


def own_stdout() -> int:
    """Keeps standard output for messages alone: whatever else this process prints goes to standard error.

    Returns:
        The descriptor to write messages to.
    """
    ours = os.dup(1)
    os.set_inheritable(ours, False)
    try:
        os.dup2(2, 1)
    except OSError:  # there is no standard error
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return ours
