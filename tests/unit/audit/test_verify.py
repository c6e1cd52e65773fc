"""Whoever changes the log behind our back is found out, and the first bad row is named."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentsecrets.audit.chain import encode
from agentsecrets.audit.journal import Journal
from agentsecrets.audit.verify import verify_log
from agentsecrets.crypto.keys import OpenPerson, SealedAccount, new_account
from agentsecrets.model.event import Event
from agentsecrets.model.statement import Checkpoint
from agentsecrets.storage.audit_db import AuditDb
from agentsecrets.storage.worker import ThreadWorker
from tests.parts.house import SystemClock
from tests.parts.log import chain, events, opened, rechain, tamper, word

CASES = int(os.environ.get("AGENTSECRETS_TAMPER_CASES", "200"))
ROWS, ANCHOR = 12, 9

Made = tuple[SealedAccount, OpenPerson]


@pytest.fixture(scope="module")
def ada() -> Made:
    return new_account("ada@example.com", b"violet-harbour-quartz-meadow", 1_000)


@pytest.fixture(scope="module")
def eve() -> Made:
    return new_account("eve@example.com", b"violet-harbour-quartz-meadow", 1_000)


@pytest.fixture(scope="module")
def whole(ada: Made, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a log of 12 rows, signed up to number 9."""
    path = tmp_path_factory.mktemp("log") / "audit.db"
    with opened(path) as log:
        rows = chain(ROWS)
        log.append(rows)
        log.add_checkpoint(4, word(*ada, rows[4]), 3)
        log.add_checkpoint(ANCHOR, word(*ada, rows[ANCHOR]), 9)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, whole: bytes) -> Path:
    """A fresh copy of that log."""
    return _written(tmp_path / "audit.db", whole)


def _written(path: Path, whole: bytes) -> Path:
    for beside in path.parent.glob("audit.db*"):
        beside.unlink()
    path.write_bytes(whole)
    return path


def _first_bad(path: Path, ada: Made) -> int | None:
    with opened(path) as log:
        return verify_log(log, ada[0].verified_identity()).first_bad


def test_a_log_that_nobody_touched_holds(path: Path, ada: Made):
    with opened(path) as log:
        verdict = verify_log(log, ada[0].verified_identity())
    assert (verdict.rows, verdict.anchored, verdict.first_bad) == (ROWS, ANCHOR + 1, None)


def test_an_empty_log_holds(tmp_path: Path, ada: Made):
    assert _first_bad(tmp_path / "audit.db", ada) is None


@given(at=st.integers(0, ROWS - 1), byte=st.integers(1, 10_000), bit=st.integers(0, 7))
@settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bit_of_any_row_that_is_altered_is_found_at_that_row(path: Path, whole: bytes, ada: Made, at: int, byte: int, bit: int):
    def alter(log: sqlite3.Connection) -> None:
        payload = bytearray(log.execute("SELECT payload FROM events WHERE idx = ?", (at,)).fetchone()[0])
        payload[byte % len(payload)] ^= 1 << bit
        log.execute("UPDATE events SET payload = ? WHERE idx = ?", (bytes(payload), at))

    tamper(_written(path, whole), alter)
    assert _first_bad(path, ada) == at


@pytest.mark.parametrize("at", range(ROWS - 1))
def test_a_row_that_is_deleted_is_found_at_its_place(path: Path, ada: Made, at: int):
    tamper(path, lambda log: log.execute("DELETE FROM events WHERE idx = ?", (at,)))
    assert _first_bad(path, ada) == at


@pytest.mark.parametrize("at", range(ROWS - 2))
def test_a_row_that_is_deleted_with_the_later_ones_moved_up_is_found(path: Path, ada: Made, at: int):
    def close_the_gap(log: sqlite3.Connection) -> None:
        log.execute("DELETE FROM events WHERE idx = ?", (at,))
        for index in range(at + 1, ROWS):
            log.execute("UPDATE events SET idx = ? WHERE idx = ?", (index - 1, index))

    tamper(path, close_the_gap)
    assert _first_bad(path, ada) == at


@given(pair=st.lists(st.integers(0, ROWS - 1), min_size=2, max_size=2, unique=True))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_rows_that_change_places_are_found_at_the_first_of_them(path: Path, whole: bytes, ada: Made, pair: list[int]):
    def swap(log: sqlite3.Connection) -> None:
        rows = {at: log.execute("SELECT id, phase, payload, hash FROM events WHERE idx = ?", (at,)).fetchone() for at in pair}
        for at, other in (pair, pair[::-1]):
            log.execute("UPDATE events SET id = ?, phase = ?, payload = ?, hash = ? WHERE idx = ?", (*rows[other], at))

    tamper(_written(path, whole), swap)
    assert _first_bad(path, ada) == min(pair)


@pytest.mark.parametrize("left", range(ANCHOR + 1))
def test_a_log_that_is_cut_before_its_last_checkpoint_is_found_at_the_cut(path: Path, ada: Made, left: int):
    tamper(path, lambda log: log.execute("DELETE FROM events WHERE idx >= ?", (left,)))
    assert _first_bad(path, ada) == left


@pytest.mark.parametrize("at", range(ANCHOR + 1))
def test_a_row_altered_with_all_hashes_made_anew_is_found_by_the_next_checkpoint(path: Path, ada: Made, at: int):
    def forge(log: sqlite3.Connection) -> None:
        other = Event(id=events(ROWS)[at].id, phase=events(ROWS)[at].phase, time_ms=at, domain="harmless.example.com")
        log.execute("UPDATE events SET payload = ? WHERE idx = ?", (encode(other), at))
        rechain(log)

    tamper(path, forge)
    assert _first_bad(path, ada) == (4 if at <= 4 else ANCHOR)


@pytest.mark.parametrize(
    ("column", "content", "at"),
    [
        ("phase", "'intent'", 3),
        ("phase", "'outcome'", 2),
        ("id", "'0'", 5),
        ("payload", "'text'", 6),
        ("hash", "x''", 7),
        ("payload", "7", 0),
    ],
)
def test_a_column_that_no_longer_says_what_was_signed_is_found(path: Path, ada: Made, column: str, content: str, at: int):
    tamper(path, lambda log: log.execute(f"UPDATE events SET {column} = {content} WHERE idx = {at}"))
    assert _first_bad(path, ada) == at


def test_a_checkpoint_of_another_account_is_not_believed(path: Path, ada: Made, eve: Made):
    foreign = word(*eve, chain(ROWS)[ANCHOR])
    tamper(path, lambda log: log.execute("UPDATE checkpoints SET envelope = ? WHERE idx = ?", (foreign, ANCHOR)))
    assert _first_bad(path, ada) == ANCHOR


def test_a_checkpoint_that_names_another_account_is_not_believed_although_this_device_signed_it(path: Path, ada: Made, eve: Made):
    row = chain(ROWS)[ANCHOR]
    said = Checkpoint(account_id=eve[0].account_id, index=row.index, hash=row.hash.hex(), time_ms=1)
    signed = ada[1].unattended.device.sign(said).encode()
    tamper(path, lambda log: log.execute("UPDATE checkpoints SET envelope = ? WHERE idx = ?", (signed, ANCHOR)))
    assert _first_bad(path, ada) == ANCHOR


@pytest.mark.parametrize("content", ["x'00'", "'text'", "17", "x''"])
def test_a_checkpoint_that_is_none_is_named(path: Path, ada: Made, content: str):
    tamper(path, lambda log: log.execute(f"UPDATE checkpoints SET envelope = {content} WHERE idx = 4"))
    assert _first_bad(path, ada) == 4


def test_a_checkpoint_moved_to_another_index_is_named(path: Path, ada: Made):
    tamper(path, lambda log: log.execute("UPDATE checkpoints SET idx = 7 WHERE idx = ?", (ANCHOR,)))
    assert _first_bad(path, ada) == 7


# --- what a daemon does with a log that was changed while none was running ---------------------------------------------------------------


def _after_another_daemon(path: Path, ada: Made, recorded: int) -> int | None:
    """Lets a fresh journal write and sign, and verifies then."""

    async def live(log: AuditDb, worker: ThreadWorker) -> None:
        journal = Journal(log, worker, worker, SystemClock())
        await journal.start()
        for event in events(recorded, start=100):
            await journal.record(event)
        await journal.checkpoint(ada[1].unattended.device, ada[0].account_id, now=True)
        await journal.settle()

    worker = ThreadWorker("log")
    try:
        with opened(path) as log:
            asyncio.run(live(log, worker))
            return verify_log(log, ada[0].verified_identity()).first_bad
    finally:
        worker.close()


@pytest.mark.parametrize("recorded", [0, 1, 2, 9])
def test_the_daemon_that_starts_next_does_not_sign_an_altered_row_over_an_old_checkpoint(path: Path, ada: Made, recorded: int):
    def forge(log: sqlite3.Connection) -> None:
        log.execute("DELETE FROM events WHERE idx > ?", (ANCHOR,))
        log.execute("UPDATE events SET payload = ? WHERE idx = 8", (encode(events(ROWS)[0]),))
        rechain(log)

    tamper(path, forge)
    assert _after_another_daemon(path, ada, recorded) in (8, ANCHOR)


@pytest.mark.parametrize("recorded", [0, 1, 2, 9])
def test_the_daemon_that_starts_next_does_not_fill_a_cut(path: Path, ada: Made, recorded: int):
    tamper(path, lambda log: log.execute("DELETE FROM events WHERE idx >= 6"))
    assert _after_another_daemon(path, ada, recorded) == 6


def test_a_log_that_was_only_used_holds_over_many_daemons(path: Path, ada: Made):
    for recorded in (0, 2, 0, 4, 2):
        assert _after_another_daemon(path, ada, recorded) is None
