"""What a person sees while something takes long."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator

_FIRST_SECONDS = 0.5
_SECONDS = 1.0
_CLEAR_LINE = "\r\x1b[K"
"""Back to the start of the line, and erase it. Source: ECMA-48, CR and EL."""


@contextlib.contextmanager
def shown(what: str) -> Iterator[None]:
    """Says on a terminal what goes on and for how long, in one line that is gone at the end. On a pipe, and of quick things, nothing.

    Args:
        what: What is being done, such as ``storing secrets``.
    """
    if not sys.stderr.isatty():
        yield
        return
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(what, ended), daemon=True)
    watch.start()
    try:
        yield
    finally:
        ended.set()
        watch.join()


def _watch(what: str, ended: threading.Event) -> None:
    began, pause = time.monotonic(), _FIRST_SECONDS
    while not ended.wait(pause):
        pause = _SECONDS
        sys.stderr.write(f"{_CLEAR_LINE}{what} … {time.monotonic() - began:.0f} s")
        sys.stderr.flush()
    if pause == _SECONDS:
        sys.stderr.write(_CLEAR_LINE)
        sys.stderr.flush()
