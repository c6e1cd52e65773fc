"""A body is handed on within the read that brings it, waits where nobody takes it, and its sender waits for a slow reader."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import cast
from weakref import ref

import pytest

from agentsecrets.network.http1.deadline import Deadline
from agentsecrets.network.http1.inflow import Inflow
from tests.parts.gathered import Gathered

LIMIT = 10


class Watch:
    """``Deadline`` that remembers how often the moment was moved on."""

    def __init__(self) -> None:
        self.running, self.moved = False, 0

    def set(self, _seconds: float) -> None:
        self.running, self.moved = True, self.moved + 1

    def clear(self) -> None:
        self.running = False


class Sender:
    """The sending end of an inflow."""

    def __init__(self) -> None:
        self.paused: list[bool] = []
        self.watch = Watch()
        self.inflow = Inflow(LIMIT, self.paused.append, cast("Deadline", self.watch), 1.0)

    async def pour_into(self, sink: Callable[[bytes], bool]) -> asyncio.Task[bool]:
        pouring = asyncio.ensure_future(self.inflow.pour(sink))
        await asyncio.sleep(0)
        return pouring


class Narrow(Gathered):
    """``ports.Sink`` that takes no more after each chunk of which somebody is said to be tired."""

    def put(self, chunk: bytes) -> bool:
        super().put(chunk)
        return not chunk.endswith(b"!")


class Tired(Exception):
    """What a sink raises here."""


def _tired(_chunk: bytes) -> bool:
    raise Tired


def _tell(story: Callable[[Sender], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(5):
            await story(Sender())

    asyncio.run(run())


def test_what_arrives_is_handed_over_before_put_returns():
    async def story(sender: Sender) -> None:
        pouring = await sender.pour_into((heard := Gathered()).put)
        for chunk in (b"one", b"two"):
            sender.inflow.put(chunk)
            assert heard[-1] == chunk
        sender.inflow.end()
        assert await pouring
        assert (heard, sender.paused) == ([b"one", b"two"], [])

    _tell(story)


def test_what_arrived_before_is_handed_over_first_and_the_sender_goes_on():
    async def story(sender: Sender) -> None:
        for chunk in (b"123456", b"789012"):
            sender.inflow.put(chunk)
        assert sender.paused == [True]
        pouring = await sender.pour_into((heard := Gathered()).put)
        assert sender.paused == [True, False]
        sender.inflow.put(b"3")
        sender.inflow.end()
        assert await pouring
        assert heard == [b"123456789012", b"3"]

    _tell(story)


@pytest.mark.parametrize("waiting", [True, False], ids=["while it waited", "from what waited"])
def test_a_sink_that_takes_no_more_is_handed_nothing_until_it_asks_again(*, waiting: bool):
    async def story(sender: Sender) -> None:
        heard = Narrow()
        if waiting:
            pouring = await sender.pour_into(heard.put)
            sender.inflow.put(b"stop!")
        else:
            sender.inflow.put(b"stop!")
            pouring = await sender.pour_into(heard.put)
        for chunk in (b"more", b" and ", b"more"):
            sender.inflow.put(chunk)
        assert not await pouring
        assert (heard, sender.paused) == ([b"stop!"], [True])
        sender.inflow.end()
        assert await sender.inflow.pour(heard.put)
        assert (heard, sender.paused) == ([b"stop!", b"more and more"], [True, False])

    _tell(story)


def test_a_body_whose_last_bytes_filled_the_sink_has_ended_at_the_next_question():
    async def story(sender: Sender) -> None:
        pouring = await sender.pour_into((heard := Narrow()).put)
        sender.inflow.put(b"last!")
        sender.inflow.end()
        assert not await pouring
        assert sender.inflow.drained
        assert await sender.inflow.pour(heard.put)
        assert heard == [b"last!"]

    _tell(story)


@pytest.mark.parametrize("waiting", [True, False], ids=["while it waited", "from what waited"])
def test_what_a_sink_raises_comes_out_at_its_reader_and_nothing_follows(*, waiting: bool):
    async def story(sender: Sender) -> None:
        if waiting:
            pouring = await sender.pour_into(_tired)
            sender.inflow.put(b"one")
            assert not sender.inflow.open
        else:
            sender.inflow.put(b"one")
            pouring = await sender.pour_into(_tired)
        with pytest.raises(Tired):
            await pouring

    _tell(story)


class Held:
    """Something that only frames hold."""


@pytest.mark.parametrize("by_sink", [True, False], ids=["raised by its sink", "told by its sender"])
def test_what_a_body_broke_off_with_keeps_nothing_that_its_frames_held(*, by_sink: bool):
    kept: list[ref[Held]] = []

    def hold(_chunk: bytes) -> bool:
        held = Held()
        kept.append(ref(held))
        if by_sink:
            raise Tired
        return True

    async def read(sender: Sender) -> None:
        held = Held()
        kept.append(ref(held))
        await sender.inflow.pour(hold)

    async def story(sender: Sender) -> None:
        reading = asyncio.ensure_future(read(sender))
        await asyncio.sleep(0)
        sender.inflow.put(b"one")
        sender.inflow.fail(Tired())
        await asyncio.wait([reading])
        assert isinstance(reading.exception(), Tired)
        del reading
        assert [held() for held in kept] == [None, None]
        with pytest.raises(ConnectionResetError):
            await sender.inflow.take()

    gc.disable()
    try:
        _tell(story)
    finally:
        gc.enable()


def test_a_failure_comes_after_everything_that_arrived_before_it():
    async def story(sender: Sender) -> None:
        pouring = await sender.pour_into((heard := Gathered()).put)
        sender.inflow.put(b"one")
        sender.inflow.fail(Tired())
        with pytest.raises(Tired):
            await pouring
        assert heard == [b"one"]

    _tell(story)


def test_a_reader_that_was_cancelled_is_handed_nothing():
    async def story(sender: Sender) -> None:
        pouring = await sender.pour_into((heard := Gathered()).put)
        pouring.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pouring
        sender.inflow.put(b"one")
        assert heard == []
        assert not sender.watch.running

    _tell(story)


def test_silence_counts_from_the_last_bytes():
    async def story(sender: Sender) -> None:
        pouring = await sender.pour_into(Gathered().put)
        for number in range(3):
            assert sender.watch.running
            assert sender.watch.moved == number + 1
            sender.inflow.put(b"one")
        sender.inflow.end()
        assert await pouring
        assert not sender.watch.running

    _tell(story)


def test_a_reader_can_take_what_waits():
    async def story(sender: Sender) -> None:
        taking = asyncio.ensure_future(sender.inflow.take())
        await asyncio.sleep(0)
        for chunk in (b"one", b"two"):
            sender.inflow.put(chunk)
        assert await taking == b"onetwo"
        sender.inflow.end()
        assert await sender.inflow.take() is None

    _tell(story)
