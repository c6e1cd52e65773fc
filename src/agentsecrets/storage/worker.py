"""A thread that blocking work is handed to."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import TypeVar, cast

from agentsecrets.errors import ShuttingDown

T = TypeVar("T")

Work = Callable[[], None]


class ThreadWorker:
    """One thread; deeds run in the order in which they were handed in.

    Handing a deed over and hearing of its end costs two system calls: a log that is written for every call notices the difference to
    ``concurrent.futures``.
    """

    def __init__(self, name: str) -> None:
        self._handed_in: SimpleQueue[Work | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def post(self, deed: Callable[[], T], done: Callable[[T | None, BaseException | None], None]) -> None:
        """Hands a deed in.

        Args:
            deed: Runs in the thread.
            done: Called on the running loop with what the deed answered or raised.

        Raises:
            ShuttingDown: When the thread was told to end: nobody would do the deed.
        """
        if self._closed:
            raise ShuttingDown
        self._handed_in.put(partial(_do, deed, done, asyncio.get_running_loop()))

    async def run(self, deed: Callable[[], T]) -> T:
        """Runs a deed to its end, even when the caller is cancelled meanwhile.

        Raises:
            ShuttingDown: When the thread was told to end.
        """
        ended: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def done(answer: T | None, failure: BaseException | None) -> None:
            if ended.done():
                return  # the caller was cancelled
            if failure is None:
                ended.set_result(cast("T", answer))
            else:
                ended.set_exception(failure)

        self.post(deed, done)
        return await ended

    def away(self) -> contextlib.AbstractContextManager[None]:
        """Deeds go to the thread meanwhile, as they always do here."""
        return contextlib.nullcontext()

    def close(self) -> None:
        """Waits for what was handed in and ends the thread."""
        self._closed = True
        self._handed_in.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (work := self._handed_in.get()) is not None:
            work()


def attempted(deed: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    """Does a deed: what it answered, or what it raised, which whoever handed it in learns of."""
    try:
        return deed(), None
    except BaseException as raised:  # noqa: BLE001  (see above)
        return None, raised


def _do(deed: Callable[[], T], done: Callable[[T | None, BaseException | None], None], loop: asyncio.AbstractEventLoop) -> None:
    answer, failure = attempted(deed)
    with contextlib.suppress(RuntimeError):  # the loop has ended, and with it everybody who could want to know
        loop.call_soon_threadsafe(done, answer, failure)
