"""Writing the log: many waiting calls share one commit."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import NamedTuple

import msgspec

from agentsecrets.audit.chain import START, decode, encode, link
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.errors import AgentSecretsError, DaemonGone, FormatUnknown, StateUnwritable
from agentsecrets.model.event import Event
from agentsecrets.model.statement import Checkpoint
from agentsecrets.ports import AuditStore, Clock, LogRow, Worker, Writer

FOLD_ROWS = 2_000
"""Rows after which the write-ahead log is moved into the file."""

NOTED_SECONDS = 0.005
"""How long an outcome that nobody waits for may lie in memory."""

CHECKPOINT_ROWS = 1_000
CHECKPOINT_SECONDS = 60.0


class _Waiting(NamedTuple):
    """An event that waits to be written, None for no more than what is owed, and what its caller may wait for."""

    event: Event | None
    written: asyncio.Future[None]


class Journal:
    """``ports.AuditSink``: what was recorded is committed; rows form a hash chain with signed checkpoints.

    One batch is written at a time: what is recorded while a batch is being written is the next batch, so waiting for a slow disk makes
    batches longer. Where it is written is the writer's choice: at once while that is quick, in a thread otherwise. Moving rows from the
    write-ahead log into the file, which waits for the disk for certain, is another thread's.

    Every intent gets an outcome: one that the disk refuses is owed and written with the next rows; one that a killed daemon did not come
    to write is written as ``unknown`` by the daemon that starts next.

    Args:
        store: The log.
        writer: Runs what adds to it, at once or in a thread.
        worker: Runs what reads and folds it.
        clock: Time.
    """

    def __init__(self, store: AuditStore, writer: Writer, worker: Worker, clock: Clock) -> None:
        self._store, self._writer, self._worker, self._clock = store, writer, worker, clock
        self._loop: asyncio.AbstractEventLoop
        self._waiting: list[_Waiting] = []
        self._noted: list[Event] = []
        self._batch: list[_Waiting] = []
        self._folding: asyncio.Task[None] | None = None
        self._index, self._hash = -1, START
        self._signed_index, self._signed_at = -1, clock.monotonic()
        self._folded_index = -1
        self._intents: dict[str, int] = {}
        self._owed: list[Event] = []
        self.redactions = 0
        """Values taken out of answers since the daemon started."""

    @property
    def length(self) -> int:
        """Rows written so far."""
        return self._index + 1

    async def start(self) -> None:
        """Finds the end of the chain, and writes the outcomes that the daemon before was not left to write.

        Where rows up to the last checkpoint are missing, new ones go behind it: the gap stays to be seen by whoever verifies the log.
        """
        self._loop = asyncio.get_running_loop()
        last = await self._worker.run(self._store.last)
        anchored = await self._worker.run(self._store.last_checkpoint)
        if last is not None:
            self._index, self._hash = last.index, last.hash
        self._index = self._folded_index = max(self._index, anchored)
        self._signed_index = anchored
        for row in await self._worker.run(self._store.dangling):
            self._intents[row.id] = row.index
            try:
                self._owed.append(_unknown(decode(row.payload), self._clock.now_ms()))
            except FormatUnknown:
                continue  # an altered row, which ``log verify`` names
        await self._pay()

    def record(self, event: Event) -> asyncio.Future[None]:
        """Commits one event; done once it is written. Whoever does not wait for it, or is cancelled, has it written all the same.

        Raises:
            StateUnwritable: When it is not.
        """
        self.redactions += event.redactions
        return self._wait_for(event)

    def note(self, event: Event) -> None:
        """Commits an outcome that nobody waits for, with the next event that somebody waits for or ``NOTED_SECONDS`` later.

        So a call that follows another costs one commit, not two. A daemon that is killed before leaves an intent without an outcome,
        which the next one ends as ``unknown``.
        """
        self.redactions += event.redactions
        if not self._noted and not self._waiting:
            self._loop.call_later(NOTED_SECONDS, self._hand_over_noted)
        self._noted.append(event)

    async def written(self) -> None:
        """Returns once everything that was recorded so far is in the log or owed."""
        await asyncio.wait([self._wait_for(None)])

    async def settle(self) -> None:
        """Waits until nothing is waiting, and tries once more to write what is owed."""
        while self._batch or self._waiting or self._noted:
            await self.written()
        if self._folding is not None:
            await asyncio.shield(self._folding)
        await self._pay()

    def _wait_for(self, event: Event | None) -> asyncio.Future[None]:
        written: asyncio.Future[None] = self._loop.create_future()
        first = not self._waiting
        self._waiting.append(_Waiting(event, written))
        if first and not self._batch:
            if len(self._intents) > len(self._noted):
                self._soon()
            else:
                self._hand_over()  # no other call is under way: nothing else is to be expected
        return written

    def _soon(self) -> None:
        """Hands over with all that this round of the loop and the next bring: one more round takes less than one more commit."""
        self._loop.call_soon(self._loop.call_soon, self._hand_over)

    def _hand_over_noted(self) -> None:
        if self._noted:
            self._wait_for(None)

    def _hand_over(self) -> None:
        self._batch, self._waiting = self._waiting, []
        noted, self._noted = self._noted, []
        events = [*self._owed, *noted, *[waiting.event for waiting in self._batch if waiting.event is not None]]
        rows: list[LogRow] = []
        try:
            self._chain(events, rows)
            self._writer.post(partial(self._store.append, rows), partial(self._handed_over, events, rows))
        except Exception as failure:  # noqa: BLE001  (whatever it was, every caller must learn that its event is not written)
            self._handed_over(events, [], None, failure)

    def _chain(self, events: list[Event], rows: list[LogRow]) -> None:
        index, digest = self._index, self._hash
        for event in events:
            payload = encode(event)
            index, digest = index + 1, link(digest, payload)
            rows.append(LogRow(index, event.id, event.phase, payload, digest))

    def _handed_over(self, events: list[Event], rows: list[LogRow], _: None, failure: BaseException | None) -> None:
        if failure is None:
            self._added(rows)
        elif isinstance(failure, AgentSecretsError):
            self._owed = [event for event in events if event.phase == "outcome" and event.id in self._intents]
        batch, self._batch = self._batch, []
        for written in [waiting.written for waiting in batch]:
            if written.done():
                continue
            if failure is None:
                written.set_result(None)
            else:
                written.set_exception(failure)
                written.exception()  # an outcome that nobody waits for is owed: nothing is lost, and nothing to be reported
        if self._waiting:
            self._soon()
        if self._index - self._folded_index >= FOLD_ROWS and self._folding is None:
            self._folding = self._loop.create_task(self._fold())

    def _added(self, rows: list[LogRow]) -> None:
        if rows:
            self._index, self._hash, self._owed = rows[-1].index, rows[-1].hash, []
        for row in rows:
            if row.phase == "intent":
                self._intents[row.id] = row.index
            else:
                self._intents.pop(row.id, None)

    async def _pay(self) -> None:
        """Writes the outcomes that are owed, if the disk takes them now."""
        if self._owed:
            with contextlib.suppress(StateUnwritable):
                await self._wait_for(None)

    async def _fold(self) -> None:
        index = self._index
        try:
            with self._writer.away():
                await self._worker.run(self._store.fold)
        except StateUnwritable:
            return  # the rows are safe where they are; the next round tries again
        finally:
            self._folded_index, self._folding = index, None

    async def checkpoint(self, device: SigningKey, account_id: str, *, now: bool = False) -> None:
        """Signs the end of the chain when enough rows or time have passed since the last checkpoint.

        Args:
            device: This machine's device key.
            account_id: The account it speaks for.
            now: Sign whatever has passed, as before a lock or stop.

        Raises:
            StateUnwritable
        """
        await self._pay()
        rows, seconds = self._index - self._signed_index, self._clock.monotonic() - self._signed_at
        if rows <= 0 or not (now or rows >= CHECKPOINT_ROWS or seconds >= CHECKPOINT_SECONDS):
            return
        index = self._index
        word = Checkpoint(account_id=account_id, index=index, hash=self._hash.hex(), time_ms=self._clock.now_ms())
        settled = min(self._intents.values(), default=index + 1) - 1
        envelope = device.sign(word).encode()
        await self._writer.run(lambda: self._store.add_checkpoint(index, envelope, settled))
        self._signed_index, self._signed_at = index, self._clock.monotonic()


def _unknown(intent: Event, now_ms: int) -> Event:
    """The outcome of a call that ended with its daemon: whether the upstream did what it asked nobody here can say."""
    return msgspec.structs.replace(intent, phase="outcome", time_ms=now_ms, outcome="unknown", reason=DaemonGone.slug)
