"""A log on disk with its device, and a second program that writes into the file behind its back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from agentsecrets.audit.chain import START, encode, link
from agentsecrets.crypto.keys import OpenPerson, SealedAccount
from agentsecrets.model.event import Event
from agentsecrets.model.statement import Checkpoint
from agentsecrets.ports import LogRow
from agentsecrets.storage.audit_db import AuditDb

Tamper = Callable[[sqlite3.Connection], object]


def events(count: int, start: int = 0) -> list[Event]:
    """So many calls, intent and outcome in turn."""
    return [
        Event(id=f"{number // 2:032x}", phase="intent" if number % 2 == 0 else "outcome", time_ms=number, domain=f"h{number}.example.com")
        for number in range(start, start + count)
    ]


def chain(count: int) -> list[LogRow]:
    """The rows of so many events."""
    rows, digest = [], START
    for index, event in enumerate(events(count)):
        payload = encode(event)
        digest = link(digest, payload)
        rows.append(LogRow(index, event.id, event.phase, payload, digest))
    return rows


def word(account: SealedAccount, person: OpenPerson, row: LogRow) -> bytes:
    """The device's word on a row."""
    checkpoint = Checkpoint(account_id=account.account_id, index=row.index, hash=row.hash.hex(), time_ms=row.index)
    return person.unattended.device.sign(checkpoint).encode()


@contextmanager
def opened(path: Path) -> Iterator[AuditDb]:
    """The log, closed at the end."""
    log = AuditDb(path)
    try:
        yield log
    finally:
        log.close()


def tamper(path: Path, deed: Tamper) -> None:
    """Writes into the file as any program of the same user can."""
    connection = sqlite3.connect(path)
    try:
        deed(connection)
        connection.commit()
    finally:
        connection.close()


def rechain(connection: sqlite3.Connection) -> None:
    """Computes all hashes anew, so that the chain holds in itself."""
    digest = START
    for index, payload in connection.execute("SELECT idx, payload FROM events ORDER BY idx").fetchall():
        digest = link(digest, payload)
        connection.execute("UPDATE events SET hash = ? WHERE idx = ?", (digest, index))
