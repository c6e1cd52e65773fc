"""A worker that does short deeds at once: in order, one at a time, and not for as long as deeds are slow."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from agentsecrets.errors import ShuttingDown
from agentsecrets.storage.eager import SHORT_SECONDS, WARINESS, EagerWorker


@pytest.fixture
def worker() -> Iterator[EagerWorker]:
    made = EagerWorker("eager")
    yield made
    made.close()


def _tell(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 20))


def _where() -> threading.Thread:
    return threading.current_thread()


def test_a_short_deed_is_done_before_anything_else_happens(worker: EagerWorker):
    async def story() -> None:
        heard: list[object] = []
        worker.post(_where, lambda answer, failure: heard.append((answer, failure)))
        assert heard == [(_where(), None)]
        assert await worker.run(_where) is _where()

    _tell(story)


def test_a_failure_goes_to_whoever_asked_for_the_deed(worker: EagerWorker):
    async def story() -> None:
        with pytest.raises(ZeroDivisionError):
            await worker.run(lambda: 1 // 0)
        assert await worker.run(lambda: 1) == 1

    _tell(story)


def test_after_a_deed_that_was_slow_the_thread_works_for_a_multiple_of_its_time(worker: EagerWorker):
    async def story() -> None:
        began = time.monotonic()
        await worker.run(lambda: time.sleep(2 * SHORT_SECONDS))
        wary_until = time.monotonic() + WARINESS * (time.monotonic() - began)
        assert await worker.run(_where) is not _where()
        await asyncio.sleep(wary_until - time.monotonic() + 0.01)
        assert await worker.run(_where) is _where()

    _tell(story)


def test_deeds_stay_in_order_while_the_thread_has_some(worker: EagerWorker):
    async def story() -> None:
        free, done = threading.Event(), list[str]()

        def first() -> None:
            free.wait(10)
            done.append("first")

        with worker.away():
            slow = asyncio.ensure_future(worker.run(first))
            await asyncio.sleep(0)
        later = asyncio.ensure_future(worker.run(lambda: done.append("second")))
        await asyncio.sleep(0)
        assert done == []
        free.set()
        await asyncio.gather(slow, later)
        assert done == ["first", "second"]
        assert await worker.run(_where) is _where()

    _tell(story)


def test_the_deed_behind_a_time_away_is_the_threads_too(worker: EagerWorker):
    async def story() -> None:
        with worker.away():
            assert await worker.run(_where) is not _where()
        assert [await worker.run(_where) is _where() for _ in range(3)] == [False, True, True]

    _tell(story)


def test_a_worker_that_was_closed_does_nothing_at_once_either():
    async def story() -> None:
        worker = EagerWorker("eager")
        worker.close()
        with pytest.raises(ShuttingDown):
            await worker.run(_where)

    _tell(story)
