"""The name under which a process is listed."""

from __future__ import annotations

import ctypes
import sys

_ARG_START, _ARG_END = 48, 49
"""Numbers of fields of ``/proc/PID/stat``. Source: proc(5)."""
_AFTER_NAME = 3
"""The number of the first field after the program's name in parentheses."""


def be_listed_as(name: str) -> None:
    """Has ``ps`` show this process under another name than the command line it was started with, on Linux.

    Args:
        name: What is shown, cut off where the old command line ended.
    """
    if not sys.platform.startswith("linux"):
        return
    with open("/proc/self/stat", encoding="ascii", errors="replace") as stat:  # noqa: PTH123  (one line of the kernel's)
        fields = stat.read().rpartition(")")[2].split()
    start, end = (int(fields[number - _AFTER_NAME]) for number in (_ARG_START, _ARG_END))
    if 0 < start < end:
        room = end - start
        ctypes.memmove(start, name.encode()[: room - 1].ljust(room, b"\0"), room)
