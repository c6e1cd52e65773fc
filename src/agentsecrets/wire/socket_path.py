"""Where the control socket lies, in a form that fits into a socket address."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

NAME = "control.sock"
_LONGEST = 100
"""Socket addresses hold 107 bytes on Linux and 103 on macOS (unix(7))."""


@contextlib.contextmanager
def short_path(run: Path) -> Iterator[Path]:
    """The path of the socket in a run folder; a long one goes through a descriptor of the folder on Linux."""
    whole = run / NAME
    if len(os.fsencode(whole)) <= _LONGEST or not sys.platform.startswith("linux"):
        yield whole
        return
    descriptor = os.open(run, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield Path(f"/proc/self/fd/{descriptor}/{NAME}")
    finally:
        os.close(descriptor)
