"""Writing the log: many waiting calls share one commit."""

from __future__ import annotations

import asyncio

from agentsecrets.audit.chain import START, encode, link
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.errors import StateUnwritable
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
        self.redactions = 0
        """Values taken out of answers since the daemon started."""

    @property
    def length(self) -> int:
        """Rows written so far."""
        return self._index + 1

    async def start(self) -> None:
        """Finds the end of the chain."""
        last = await self._worker.run(self._store.last)
        if last is not None:
            self._index, self._hash = last.index, last.hash
            self._folded_index = last.index

    async def record(self, event: Event) -> None:
        """Commits one event; returns once it is written. A caller that is cancelled meanwhile has its event written all the same.

        Raises:
            StateUnwritable: When it is not.
        """
        self.redactions += event.redactions
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._write)
        written: asyncio.Future[None] = loop.create_future()
        self._waiting.append((event, written))
        await written

    async def settle(self) -> None:
        """Waits until nothing is waiting."""
        while self._waiting:
            await asyncio.wait([written for _, written in self._waiting])
        if self._folding is not None:
            await asyncio.shield(self._folding)

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
        for event in events:
            payload = encode(event)
            index, digest = index + 1, link(digest, payload)
            rows.append(LogRow(index, event.id, event.phase, payload, digest))
        self._store.append(rows)
        self._index, self._hash = index, digest

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
        rows, seconds = self._index - self._signed_index, self._clock.monotonic() - self._signed_at
        if rows <= 0 or not (now or rows >= CHECKPOINT_ROWS or seconds >= CHECKPOINT_SECONDS):
            return
        word = Checkpoint(account_id=account_id, index=self._index, hash=self._hash.hex(), time_ms=self._clock.now_ms())
        self._store.add_checkpoint(self._index, device.sign(word).encode())
        self._signed_index, self._signed_at = self._index, self._clock.monotonic()
