"""Writing the log: many waiting calls share one commit."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec

from agentsecrets.audit.chain import START, decode, encode, link
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.errors import AgentSecretsError, DaemonGone, FormatUnknown, StateUnwritable
from agentsecrets.model.event import Event
from agentsecrets.model.statement import Checkpoint
from agentsecrets.ports import AuditStore, Clock, LogRow, Worker

FOLD_ROWS = 2_000
"""Rows after which the write-ahead log is moved into the file."""

CHECKPOINT_ROWS = 1_000
CHECKPOINT_SECONDS = 60.0


class Journal:
    """``ports.AuditSink``: what was recorded is committed; rows form a hash chain with signed checkpoints.

    Rows are appended on the event loop, once in each of its rounds for all calls of that round: appending to a write-ahead log without
    waiting for the disk costs less than handing the rows to a thread and back. What can take long (moving rows from the write-ahead log
    into the file, and waiting for the disk then) is the worker's.

    Every intent gets an outcome: one that the disk refuses is owed and written with the next rows; one that a killed daemon did not come
    to write is written as ``unknown`` by the daemon that starts next.

    Args:
        store: The log; ``append`` and ``add_checkpoint`` are called on the loop.
        worker: Runs what blocks.
        clock: Time.
    """

    def __init__(self, store: AuditStore, worker: Worker, clock: Clock) -> None:
        self._store, self._worker, self._clock = store, worker, clock
        self._waiting: list[tuple[Event, asyncio.Future[None]]] = []
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
        self._pay()

    def record(self, event: Event) -> asyncio.Future[None]:
        """Commits one event; done once it is written. Whoever does not wait for it, or is cancelled, has it written all the same.

        Raises:
            StateUnwritable: When it is not.
        """
        self.redactions += event.redactions
        if not self._waiting:
            self._loop.call_soon(self._write)
        written: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((event, written))
        return written

    async def settle(self) -> None:
        """Waits until nothing is waiting, and tries once more to write what is owed."""
        while self._waiting:
            await asyncio.wait([written for _, written in self._waiting])
        if self._folding is not None:
            await asyncio.shield(self._folding)
        self._pay()

    def _write(self) -> None:
        batch, self._waiting = self._waiting, []
        failure: Exception | None = None
        try:
            self._append([event for event, _ in batch])
        except Exception as problem:  # noqa: BLE001  (whatever it was, every caller must learn that its event is not written)
            failure = problem
        for _, written in batch:
            if written.done():
                continue
            if failure is None:
                written.set_result(None)
            else:
                written.set_exception(failure)
        if self._index - self._folded_index >= FOLD_ROWS and self._folding is None:
            self._folding = asyncio.get_running_loop().create_task(self._fold())

    def _append(self, events: list[Event]) -> None:
        rows, index, digest = [], self._index, self._hash
        events = [*self._owed, *events]
        for event in events:
            payload = encode(event)
            index, digest = index + 1, link(digest, payload)
            rows.append(LogRow(index, event.id, event.phase, payload, digest))
        try:
            self._store.append(rows)
        except AgentSecretsError:
            self._owed = [event for event in events if event.phase == "outcome" and event.id in self._intents]
            raise
        self._index, self._hash, self._owed = index, digest, []
        for row in rows:
            if row.phase == "intent":
                self._intents[row.id] = row.index
            else:
                self._intents.pop(row.id, None)

    def _pay(self) -> None:
        """Writes the outcomes that are owed, if the disk takes them now."""
        if self._owed:
            with contextlib.suppress(StateUnwritable):
                self._append([])

    async def _fold(self) -> None:
        index = self._index
        try:
            await self._worker.run(self._store.fold)
        except StateUnwritable:
            return  # the rows are safe where they are; the next round tries again
        finally:
            self._folded_index, self._folding = index, None

    def checkpoint(self, device: SigningKey, account_id: str, *, now: bool = False) -> None:
        """Signs the end of the chain when enough rows or time have passed since the last checkpoint.

        Args:
            device: This machine's device key.
            account_id: The account it speaks for.
            now: Sign whatever has passed, as before a lock or stop.

        Raises:
            StateUnwritable
        """
        self._pay()
        rows, seconds = self._index - self._signed_index, self._clock.monotonic() - self._signed_at
        if rows <= 0 or not (now or rows >= CHECKPOINT_ROWS or seconds >= CHECKPOINT_SECONDS):
            return
        word = Checkpoint(account_id=account_id, index=self._index, hash=self._hash.hex(), time_ms=self._clock.now_ms())
        settled = min(self._intents.values(), default=self._index + 1) - 1
        self._store.add_checkpoint(self._index, device.sign(word).encode(), settled)
        self._signed_index, self._signed_at = self._index, self._clock.monotonic()


def _unknown(intent: Event, now_ms: int) -> Event:
    """The outcome of a call that ended with its daemon: whether the upstream did what it asked nobody here can say."""
    return msgspec.structs.replace(intent, phase="outcome", time_ms=now_ms, outcome="unknown", reason=DaemonGone.slug)
