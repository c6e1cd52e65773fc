"""One timer of the loop for all the deadlines of a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Deadline:
    """Calls ``late`` when the moment set last has come.

    A timer of the loop is made only when none runs that ends early enough: moving the moment on, as each request does, costs a
    look at the clock.

    Args:
        late: Called without arguments; may set the next moment.
    """

    __slots__ = ("_due", "_ends", "_late", "_loop", "_timer")

    def __init__(self, late: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._late = late
        self._due: float | None = None
        self._ends = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        """Moves the moment to so many seconds from now."""
        self._due = self._loop.time() + seconds
        if self._timer is None or self._due < self._ends:
            self._start(seconds)

    def clear(self) -> None:
        """Takes the moment back."""
        self._due = None

    def close(self) -> None:
        """Takes the moment back and stops the timer."""
        self._due = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._ends = self._loop.time() + seconds
        self._timer = self._loop.call_later(seconds, self._ended)

    def _ended(self) -> None:
        self._timer = None
        if self._due is None:
            return
        left = self._due - self._loop.time()
        if left > 0:
            self._start(left)
        else:
            self._due = None
            self._late()
