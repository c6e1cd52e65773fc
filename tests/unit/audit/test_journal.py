"""The journal over a log and a clock that are moved by hand: what is said to be written is, and the chain never skips or repeats."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from agentsecrets.audit.chain import START, link
from agentsecrets.audit.journal import CHECKPOINT_ROWS, CHECKPOINT_SECONDS, FOLD_ROWS, Journal
from agentsecrets.audit.verify import verify_log
from agentsecrets.crypto.keys import OpenPerson, SealedAccount, new_account
from agentsecrets.errors import ShuttingDown, StateUnwritable
from agentsecrets.model.event import Event
from agentsecrets.storage.eager import EagerWorker
from agentsecrets.storage.worker import ThreadWorker
from tests.parts.log import events
from tests.parts.stand_ins import HandClock, MemoryLog, PlainWorker


class Desk:
    """A journal and everything under it."""

    def __init__(self) -> None:
        self.log, self.clock, self.worker = MemoryLog(), HandClock(), PlainWorker()
        self.account: SealedAccount
        self.person: OpenPerson
        self.account, self.person = _ACCOUNT
        self.journal = self.fresh()

    def fresh(self) -> Journal:
        return Journal(self.log, self.worker, self.worker, self.clock)

    async def sign(self, *, now: bool = False) -> None:
        await self.journal.checkpoint(self.person.unattended.device, self.account.account_id, now=now)

    def holds(self) -> bool:
        return verify_log(self.log, self.account.verified_identity()).first_bad is None


_ACCOUNT = new_account("ada@example.com", b"violet-harbour-quartz-meadow", 1)


def tell(story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        desk = Desk()
        await desk.journal.start()
        await story(desk)

    asyncio.run(told())


def test_calls_that_wait_together_are_one_chain_in_the_order_in_which_they_came():
    async def story(desk: Desk) -> None:
        await asyncio.gather(*(desk.journal.record(event) for event in events(40)))
        rows = desk.log.rows(0, 100)
        assert [row.id for row in rows] == [event.id for event in events(40)]
        digest = START
        for index, row in enumerate(rows):
            digest = link(digest, row.payload)
            assert (row.index, row.hash) == (index, digest)
        assert desk.journal.length == 40

    tell(story)


def test_an_event_that_is_alone_is_written_at_once_and_others_are_one_batch():
    async def story(desk: Desk) -> None:
        worker = EagerWorker("append")
        journal = Journal(desk.log, worker, desk.worker, desk.clock)
        await journal.start()
        first, second, third, fourth = events(4)
        assert journal.record(first).done()
        both = [journal.record(second), journal.record(third)]
        await asyncio.sleep(0)
        both.append(journal.record(fourth))
        assert not any(written.done() for written in both)
        assert journal.length == 1
        await asyncio.gather(*both)
        assert journal.length == 4
        worker.close()

    tell(story)


def test_a_disk_that_refuses_tells_everybody_who_waits_and_the_chain_goes_on_without_a_gap():
    async def story(desk: Desk) -> None:
        await desk.journal.record(events(1)[0])
        desk.log.full = True
        told = await asyncio.gather(*(desk.journal.record(event) for event in events(6, start=2)), return_exceptions=True)
        assert [type(failure) for failure in told] == [StateUnwritable] * 6
        with pytest.raises(StateUnwritable):
            await desk.sign(now=True)
        desk.log.full = False
        await desk.journal.record(events(1, start=1)[0])
        assert [row.index for row in desk.log.rows(0, 100)] == [0, 1]
        await desk.sign(now=True)
        assert desk.holds()

    tell(story)


def test_the_end_is_signed_after_enough_rows_or_enough_time_and_not_for_nothing():
    async def story(desk: Desk) -> None:
        await desk.sign(now=True)
        assert desk.log.checkpoints() == []
        for event in events(CHECKPOINT_ROWS - 1):
            desk.journal.record(event)
        await desk.journal.settle()
        await desk.sign()
        assert desk.log.last_checkpoint() == -1
        await desk.journal.record(events(1, start=CHECKPOINT_ROWS - 1)[0])
        await desk.sign()
        assert desk.log.last_checkpoint() == CHECKPOINT_ROWS - 1
        await desk.journal.record(events(1, start=CHECKPOINT_ROWS)[0])
        desk.clock.go_on(CHECKPOINT_SECONDS - 1)
        await desk.sign()
        assert desk.log.last_checkpoint() == CHECKPOINT_ROWS - 1
        desk.clock.go_on(1)
        await desk.sign()
        await desk.sign(now=True)
        assert [index for index, _ in desk.log.checkpoints()] == [CHECKPOINT_ROWS - 1, CHECKPOINT_ROWS]
        assert desk.holds()

    tell(story)


def test_the_next_daemon_goes_on_where_this_one_ended():
    async def story(desk: Desk) -> None:
        for number in range(4):
            await asyncio.gather(*(desk.journal.record(event) for event in events(2, start=2 * number)))
            await desk.sign(now=True)
            desk.journal = desk.fresh()
            await desk.journal.start()
            assert desk.journal.length == 2 * number + 2
            await desk.sign(now=True)
        assert desk.holds()

    tell(story)


def test_what_was_appended_is_folded_once_in_a_while():
    async def story(desk: Desk) -> None:
        for event in events(FOLD_ROWS):
            desk.journal.record(event)
        await desk.journal.settle()
        assert desk.log.folds == 1

    tell(story)


def test_an_event_that_cannot_be_written_down_fails_for_its_caller_and_spoils_nothing_later():
    async def story(desk: Desk) -> None:
        with pytest.raises(UnicodeEncodeError):
            await desk.journal.record(Event(id="0" * 32, phase="outcome", time_ms=1, path="/\udcff"))
        await desk.journal.record(events(1, start=1)[0])
        await desk.sign(now=True)
        assert desk.holds()

    tell(story)


def test_a_journal_whose_thread_has_ended_says_so_instead_of_leaving_its_callers_waiting():
    async def story(desk: Desk) -> None:
        thread = ThreadWorker("log")
        journal = Journal(desk.log, thread, desk.worker, desk.clock)
        await journal.start()
        thread.close()
        async with asyncio.timeout(5):
            with pytest.raises(ShuttingDown):
                await journal.record(events(1, start=1)[0])

    tell(story)
