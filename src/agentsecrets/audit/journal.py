"""Writing the log: many waiting calls share one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agentsecrets.audit.chain import START, encode, link
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.errors import StateUnwritable
from agentsecrets.model.event import Event
from agentsecrets.model.statement import Checkpoint
from agentsecrets.ports import AuditStore, Clock, LogRow, Worker

CHECKPOINT_ROWS = 1_000
CHECKPOINT_SECONDS = 60.0


class Journal:
    """``ports.AuditSink``: what was recorded is committed; rows form a hash chain with signed checkpoints."""

    def __init__(self, store: AuditStore, worker: Worker, clock: Clock) -> None:
        self._store, self._worker, self._clock = store, worker, clock
        self._waiting: list[tuple[Event, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._index, self._hash = -1, START
        self._signed_index, self._signed_at = -1, clock.monotonic()
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

    async def record(self, event: Event) -> None:
        """Commits one event; returns once it is on disk.

        Raises:
            StateUnwritable: When it is not.
        """
        self.redactions += event.redactions
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, written))
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write())
        await asyncio.shield(written)

    async def settle(self) -> None:
        """Waits until nothing is waiting."""
        while self._writer is not None:
            await asyncio.shield(self._writer)

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._write_batch(batch)
        finally:
            self._writer = None

    async def _write_batch(self, batch: list[tuple[Event, asyncio.Future[None]]]) -> None:
        try:
            await self._worker.run(self._append([event for event, _ in batch]))
        except StateUnwritable as failure:
            for _, written in batch:
                if not written.done():
                    written.set_exception(failure)
                    written.exception()  # a caller that went away does not collect it
            return
        for _, written in batch:
            if not written.done():
                written.set_result(None)

    def _append(self, events: list[Event]) -> Callable[[], None]:
        def deed() -> None:
            rows, index, digest = [], self._index, self._hash
            for event in events:
                payload = encode(event)
                index, digest = index + 1, link(digest, payload)
                rows.append(LogRow(index, event.id, event.phase, payload, digest))
            self._store.append(rows)
            self._index, self._hash = index, digest

        return deed

    async def checkpoint(self, device: SigningKey, account_id: str, *, now: bool = False) -> None:
        """Signs the end of the chain when enough rows or time have passed since the last checkpoint.

        Args:
            device: This machine's device key.
            account_id: The account it speaks for.
            now: Sign whatever has passed, as before a lock or stop.
        """
        rows, seconds = self._index - self._signed_index, self._clock.monotonic() - self._signed_at
        if rows <= 0 or not (now or rows >= CHECKPOINT_ROWS or seconds >= CHECKPOINT_SECONDS):
            return

        def deed() -> None:
            index, digest = self._index, self._hash
            word = Checkpoint(account_id=account_id, index=index, hash=digest.hex(), time_ms=self._clock.now_ms())
            self._store.add_checkpoint(index, device.sign(word).encode())
            self._signed_index = index

        await self._worker.run(deed)
        self._signed_at = self._clock.monotonic()
