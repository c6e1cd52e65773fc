"""Every intent gets an outcome: also when the disk refuses it at first, and when the daemon was killed before it could write one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from agentsecrets.audit.journal import Journal
from agentsecrets.audit.view import newest
from agentsecrets.crypto.keys import new_account
from agentsecrets.errors import StateUnwritable
from agentsecrets.model.event import Event, Outcome, Phase, new_event_id
from agentsecrets.ports import LogRow
from agentsecrets.storage.audit_db import AuditDb
from agentsecrets.storage.worker import ThreadWorker
from tests.parts.house import SystemClock


class FullDisk(AuditDb):
    """``ports.AuditStore`` on a disk that can be full."""

    full = False

    def append(self, rows: Sequence[LogRow]) -> None:
        if self.full:
            raise StateUnwritable(problem="the disk is full")
        super().append(rows)


def _event(event_id: str, phase: Phase, outcome: Outcome = "") -> Event:
    return Event(id=event_id, phase=phase, time_ms=time.time_ns() // 1_000_000, outcome=outcome, domain="api.example.com", method="GET")


def _ids(count: int) -> list[str]:
    return [new_event_id(number) for number in range(count)]


def _tell(path: Path, story: Callable[[Journal, FullDisk], Awaitable[None]]) -> None:
    """Runs a story with a started journal, which is left as a killed daemon leaves it."""

    async def tell() -> None:
        store, writer, worker = FullDisk(path), ThreadWorker("append"), ThreadWorker("log")
        journal = Journal(store, writer, worker, SystemClock())
        await journal.start()
        try:
            await story(journal, store)
        finally:
            writer.close()
            worker.close()
            store.close()

    asyncio.run(tell())


def _phases(path: Path) -> list[tuple[str, str]]:
    store = AuditDb(path)
    rows = [(row.id, row.phase) for row in store.rows(0, 100)]
    store.close()
    return rows


def test_an_intent_that_a_killed_daemon_left_gets_an_unknown_outcome_once(tmp_path: Path) -> None:
    path, (done, left) = tmp_path / "audit.db", _ids(2)

    async def before(journal: Journal, _: FullDisk) -> None:
        await journal.record(_event(left, "intent"))
        await journal.record(_event(done, "intent"))
        await journal.record(_event(done, "outcome", "ok"))

    async def after(journal: Journal, store: FullDisk) -> None:
        assert journal.length == 4
        assert [(line["id"], line["status"], line["reason"]) for line in newest(store, 10)] == [
            (done, "OK", ""),
            (left, "UNKNOWN", "daemon_gone"),
        ]

    _tell(path, before)
    _tell(path, after)
    _tell(path, after)


def test_an_outcome_that_a_full_disk_refused_is_written_with_the_next_rows(tmp_path: Path) -> None:
    path, (first, second) = tmp_path / "audit.db", _ids(2)

    async def story(journal: Journal, store: FullDisk) -> None:
        await journal.record(_event(first, "intent"))
        store.full = True
        with pytest.raises(StateUnwritable):
            await journal.record(_event(first, "outcome", "ok"))
        with pytest.raises(StateUnwritable):
            await journal.record(_event(second, "intent"))
        store.full = False
        await journal.record(_event(second, "intent"))
        assert [(row.id, row.phase) for row in store.rows(0, 10)] == [(first, "intent"), (first, "outcome"), (second, "intent")]

    _tell(path, story)


def test_an_outcome_that_is_owed_is_written_at_the_latest_when_the_daemon_stops(tmp_path: Path) -> None:
    path, (first,) = tmp_path / "audit.db", _ids(1)

    async def story(journal: Journal, store: FullDisk) -> None:
        await journal.record(_event(first, "intent"))
        store.full = True
        with pytest.raises(StateUnwritable):
            await journal.record(_event(first, "outcome", "ok"))
        store.full = False
        await journal.settle()

    _tell(path, story)
    assert _phases(path) == [(first, "intent"), (first, "outcome")]


def test_a_refusal_that_a_full_disk_kept_out_of_the_log_is_not_owed_for_ever(tmp_path: Path) -> None:
    path, ids = tmp_path / "audit.db", _ids(50)

    async def story(journal: Journal, store: FullDisk) -> None:
        store.full = True
        for event_id in ids:
            with pytest.raises(StateUnwritable):
                await journal.record(_event(event_id, "outcome", "blocked"))
        store.full = False
        await journal.settle()

    _tell(path, story)
    assert _phases(path) == []


def test_an_event_is_written_although_nobody_waits_for_it(tmp_path: Path) -> None:
    path, (first,) = tmp_path / "audit.db", _ids(1)

    async def story(journal: Journal, _: FullDisk) -> None:
        journal.record(_event(first, "outcome", "cancelled")).cancel()
        await journal.settle()

    _tell(path, story)
    assert _phases(path) == [(first, "outcome")]


def test_what_a_checkpoint_calls_settled_holds_no_open_intent(tmp_path: Path) -> None:
    path, ids = tmp_path / "audit.db", _ids(5)
    account, person = new_account("ada@example.com", b"violet-harbour-quartz-meadow", 0)

    async def before(journal: Journal, _: FullDisk) -> None:
        for event_id in ids:
            await journal.record(_event(event_id, "intent"))
        for event_id in (ids[0], ids[1], ids[4]):
            await journal.record(_event(event_id, "outcome", "ok"))
        await journal.checkpoint(person.unattended.device, account.account_id, now=True)
        await journal.record(_event(ids[3], "outcome", "ok"))

    async def after(_: Journal, store: FullDisk) -> None:
        assert [line["id"] for line in newest(store, 10) if line["status"] == "UNKNOWN"] == [ids[2]]

    _tell(path, before)
    _tell(path, after)
