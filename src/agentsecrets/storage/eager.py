"""A worker that does short deeds where it is asked for them, as long as they are short."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from agentsecrets.storage.worker import ThreadWorker, attempted

T = TypeVar("T")

SHORT_SECONDS = 0.005
"""A deed that took longer was not short. Adding rows takes a hundredth of it; another program may have its turn meanwhile."""

WARINESS = 20
"""After a deed that was not short, deeds go to the thread for so many times as long as it took."""


class EagerWorker(ThreadWorker):
    """Does a deed at once where deeds have been short lately, else in its thread; one at a time and in order either way.

    Handing twenty rows to a thread and hearing of them takes longer than writing them: two threads have to be woken, and each waits for
    Python's lock. So a disk that is quick is written to at once, and one that is slow keeps the caller for a twentieth of the time at most.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._in_the_thread = 0
        self._away = 0
        self._last_away = False
        self._wary_until = 0.0

    def post(self, deed: Callable[[], T], done: Callable[[T | None, BaseException | None], None]) -> None:
        """Does a deed or hands it in.

        Args:
            deed: What blocks for a short while.
            done: Called with what the deed answered or raised: before this returns, or later on the running loop.

        Raises:
            ShuttingDown: When the thread was told to end.
        """
        if self._closed or self._in_the_thread or self._away or self._last_away or time.monotonic() < self._wary_until:
            self._last_away = False
            self._hand_in(deed, done)
        else:
            self._do(deed, done)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Deeds go to the thread meanwhile, and one more behind: whoever asks knows that they will not be short.

        The first addition to a write-ahead log that begins anew waits for the disk. Source: SQLite's ``sqlite3WalFrames``.
        """
        self._away += 1
        try:
            yield
        finally:
            self._away -= 1
            self._last_away = True

    def _hand_in(self, deed: Callable[[], T], done: Callable[[T | None, BaseException | None], None]) -> None:
        def back(answer: T | None, failure: BaseException | None) -> None:
            self._in_the_thread -= 1
            done(answer, failure)

        super().post(deed, back)
        self._in_the_thread += 1

    def _do(self, deed: Callable[[], T], done: Callable[[T | None, BaseException | None], None]) -> None:
        began = time.monotonic()
        answer, failure = attempted(deed)
        ended = time.monotonic()
        if ended - began > SHORT_SECONDS:
            self._wary_until = ended + WARINESS * (ended - began)
        done(answer, failure)
