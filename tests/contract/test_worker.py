"""What every ``ports.Worker`` does: the thread, and the one that works at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from agentsecrets.errors import SecretNotFound, ShuttingDown
from agentsecrets.ports import Worker
from agentsecrets.storage.worker import ThreadWorker
from tests.parts.stand_ins import PlainWorker


@pytest.fixture(params=["thread", "at once"])
def worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    if request.param == "at once":
        yield PlainWorker()
        return
    thread = ThreadWorker("test")
    yield thread
    thread.close()


def test_a_deed_s_answer_comes_back(worker: Worker):
    assert asyncio.run(worker.run(lambda: 7)) == 7


def test_a_deed_s_failure_comes_back_as_it_was(worker: Worker):
    def fail() -> None:
        raise SecretNotFound(key="KEY")

    with pytest.raises(SecretNotFound):
        asyncio.run(worker.run(fail))


def test_deeds_are_done_one_after_the_other_in_the_order_in_which_they_were_handed_in(worker: Worker):
    done: list[int] = []

    def deed(number: int) -> Callable[[], None]:
        return lambda: done.append(number)

    async def hand_in() -> None:
        await asyncio.gather(*(worker.run(deed(number)) for number in range(50)))

    asyncio.run(hand_in())
    assert done == list(range(50))


def test_a_deed_that_is_posted_tells_its_end_on_the_loop(worker: Worker):
    def fail() -> None:
        raise SecretNotFound(key="KEY")

    async def post() -> list[tuple[int | None, BaseException | None, int]]:
        told: asyncio.Queue[tuple[int | None, BaseException | None, int]] = asyncio.Queue()
        worker.post(lambda: 7, lambda answer, failure: told.put_nowait((answer, failure, threading.get_ident())))
        worker.post(fail, lambda answer, failure: told.put_nowait((answer, failure, threading.get_ident())))
        return [await told.get(), await told.get()]

    first, second = asyncio.run(post())
    assert first == (7, None, threading.get_ident())
    assert isinstance(second[1], SecretNotFound)


def test_a_thread_s_deed_is_done_although_its_caller_went_away():
    worker, begun, go_on, done = ThreadWorker("test"), threading.Event(), threading.Event(), threading.Event()

    def deed() -> None:
        begun.set()
        go_on.wait(10)
        done.set()

    async def leave() -> None:
        task = asyncio.ensure_future(worker.run(deed))
        await asyncio.get_running_loop().run_in_executor(None, begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()

    asyncio.run(leave())
    worker.close()
    assert done.is_set()


def test_a_thread_works_on_no_other_thread_and_not_on_the_caller_s():
    worker = ThreadWorker("test")

    async def where() -> set[int]:
        return {await worker.run(threading.get_ident) for _ in range(5)}

    found = asyncio.run(where())
    worker.close()
    assert len(found) == 1
    assert threading.get_ident() not in found


def test_a_closed_thread_says_that_it_stops_instead_of_leaving_its_caller_waiting():
    async def hand_in() -> None:
        async with asyncio.timeout(5):
            await ended.run(lambda: None)

    ended = ThreadWorker("test")
    ended.close()
    with pytest.raises(ShuttingDown):
        asyncio.run(hand_in())
