"""A disk that takes its time keeps those who wait for it, and nobody else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from agentsecrets.audit.journal import FOLD_ROWS, Journal
from agentsecrets.crypto.keys import new_account
from agentsecrets.model.event import Event, new_event_id
from agentsecrets.ports import LogRow
from agentsecrets.storage.audit_db import AuditDb
from agentsecrets.storage.eager import SHORT_SECONDS, EagerWorker
from agentsecrets.storage.worker import ThreadWorker
from tests.parts.house import PASSWORD, SystemClock
from tests.parts.patience import until

SECONDS = 20.0
ROUNDS = 200


class StuckDisk(AuditDb):
    """``ports.AuditStore`` on a disk that does nothing until it is let go."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.free, self.fold_free = threading.Event(), threading.Event()
        self.free.set()
        self.fold_free.set()
        self.batches: list[int] = []
        self.folds = 0

    def append(self, rows: Sequence[LogRow]) -> None:
        self._wait()
        self.batches.append(len(rows))
        super().append(rows)

    def add_checkpoint(self, index: int, envelope: bytes, settled: int) -> None:
        self._wait()
        super().add_checkpoint(index, envelope, settled)

    def fold(self) -> None:
        self.folds += 1
        assert self.fold_free.wait(SECONDS), "writing waited for the fold"
        super().fold()

    def _wait(self) -> None:
        assert self.free.wait(SECONDS), "the loop stood still while the disk did"


def _event(number: int) -> Event:
    return Event(id=new_event_id(number), phase="intent", time_ms=number)


async def _while_stuck(disk: StuckDisk, pending: Awaitable[object]) -> None:
    """Lets the loop go round while the disk is stuck; only then is the disk let go."""
    waiting = asyncio.ensure_future(pending)
    for _ in range(ROUNDS):
        await asyncio.sleep(0)
    assert not waiting.done()
    disk.free.set()
    await asyncio.wait_for(waiting, SECONDS)


def _tell(path: Path, story: Callable[[Journal, StuckDisk], Awaitable[None]]) -> None:
    async def tell() -> None:
        disk, writer, worker = StuckDisk(path / "audit.db"), ThreadWorker("append"), ThreadWorker("log")
        journal = Journal(disk, writer, worker, SystemClock())
        await journal.start()
        try:
            await story(journal, disk)
        finally:
            disk.free.set()
            await journal.settle()
            writer.close()
            worker.close()
            disk.close()

    asyncio.run(tell())


def test_the_loop_goes_on_while_an_event_is_being_written(tmp_path: Path):
    async def story(journal: Journal, disk: StuckDisk) -> None:
        disk.free.clear()
        await _while_stuck(disk, journal.record(_event(1)))

    _tell(tmp_path, story)


def test_a_disk_that_stalls_keeps_an_eager_writer_once_and_then_its_thread(tmp_path: Path):
    async def tell() -> None:
        disk, writer, worker = StuckDisk(tmp_path / "audit.db"), EagerWorker("append"), ThreadWorker("log")
        journal = Journal(disk, writer, worker, SystemClock())
        await journal.start()
        disk.free.clear()
        threading.Timer(2 * SHORT_SECONDS, disk.free.set).start()
        await journal.record(_event(0))  # the loop stood still
        disk.free.clear()
        await _while_stuck(disk, journal.record(_event(1)))
        await journal.settle()
        assert [row.index for row in disk.rows(0, 9)] == [0, 1]
        writer.close()
        worker.close()
        disk.close()

    asyncio.run(tell())


def test_what_comes_while_the_disk_is_busy_is_one_batch(tmp_path: Path):
    async def story(journal: Journal, disk: StuckDisk) -> None:
        disk.free.clear()
        first = journal.record(_event(0))
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
        others = [journal.record(_event(number)) for number in range(1, 100)]
        await _while_stuck(disk, asyncio.gather(first, *others))
        assert disk.batches == [1, 99]

    _tell(tmp_path, story)


def test_an_outcome_that_nobody_waits_for_is_written_with_the_next_event(tmp_path: Path):
    async def story(journal: Journal, disk: StuckDisk) -> None:
        await journal.record(_event(1))
        journal.note(_event(2))
        await journal.record(_event(3))
        assert disk.batches == [1, 2]

    _tell(tmp_path, story)


def test_an_outcome_that_nobody_waits_for_is_written_soon_when_nothing_follows(tmp_path: Path):
    async def story(journal: Journal, disk: StuckDisk) -> None:
        journal.note(_event(1))
        assert not disk.batches
        await until(lambda: bool(disk.batches))
        assert journal.length == 1

    _tell(tmp_path, story)


def test_a_look_at_the_log_and_a_stop_wait_for_what_was_noted(tmp_path: Path):
    async def story(journal: Journal, disk: StuckDisk) -> None:
        journal.note(_event(1))
        await journal.written()
        journal.note(_event(2))
        await journal.settle()
        assert disk.batches == [1, 1]

    _tell(tmp_path, story)


def test_the_loop_goes_on_while_a_checkpoint_is_being_written(tmp_path: Path):
    account, person = new_account("ada@example.com", PASSWORD.encode(), 0)

    async def story(journal: Journal, disk: StuckDisk) -> None:
        await journal.record(_event(1))
        disk.free.clear()
        await _while_stuck(disk, journal.checkpoint(person.unattended.device, account.account_id, now=True))

    _tell(tmp_path, story)


def test_events_are_written_while_the_log_is_folded(tmp_path: Path):
    """Folding waits for the disk on another thread and another connection: calls do not wait for it."""

    async def story(journal: Journal, disk: StuckDisk) -> None:
        disk.fold_free.clear()
        await asyncio.gather(*(journal.record(_event(number)) for number in range(FOLD_ROWS)))
        async with asyncio.timeout(SECONDS):
            while not disk.folds:  # noqa: ASYNC110  (the fold begins in a thread)
                await asyncio.sleep(0.005)
            await journal.record(_event(FOLD_ROWS))
        disk.fold_free.set()

    _tell(tmp_path, story)
