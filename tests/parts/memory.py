"""The memory of another process, as far as the kernel gives it away."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import pairwise

PAGE = 4096
_BLOCK = 1 << 20
_BEYOND = 64 << 20
"""How far beyond what was mapped at first memory is searched: what is mapped later lies beside it."""


class HeldMemory:
    """``/proc/PID/mem`` of a process, opened once: later reads need no permission any more.

    Raises:
        OSError: When the kernel refuses.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
        self._maps = [_range_of(line) for line in read_file(f"/proc/{pid}/maps").splitlines()]

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
            except (OSError, OverflowError):  # nothing is mapped there
                before, start = b"", start + PAGE
                continue
            if not block:  # the process has ended
                return
            yield before + block
            before, start = block[-256:], start + len(block)


def _range_of(line: bytes) -> tuple[int, int]:
    start, end = line.split()[0].split(b"-")
    return int(start, 16), int(end, 16)


def _gaps(maps: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for (_, end), (start, _) in pairwise(maps):
        if end < start < 1 << 47:
            yield end, start


def say(line: str) -> None:
    """Tells whoever started this program something."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def read_file(path: str) -> bytes:
    """The beginning of a file, up to 1 MiB; never waits."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return os.read(descriptor, _BLOCK)
    finally:
        os.close(descriptor)


def resident(pid: int, what: str = "VmRSS") -> int:
    """Bytes of memory that a process holds (``VmRSS``), or has held at most (``VmHWM``)."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:  # noqa: PTH123  (this part runs without the standard library's larger half)
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(what + ":"))
