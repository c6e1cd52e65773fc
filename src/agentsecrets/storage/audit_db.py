"""The log in SQLite: rows are only ever added."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from agentsecrets.ports import LogRow
from agentsecrets.storage.sqlite import check_foreign, connect, create, transaction, undo, writing

_SCHEMA = """
CREATE TABLE events (idx INTEGER PRIMARY KEY, id TEXT NOT NULL, phase TEXT NOT NULL, payload BLOB NOT NULL, hash BLOB NOT NULL);
CREATE TABLE checkpoints (idx INTEGER PRIMARY KEY, envelope BLOB NOT NULL, settled INTEGER NOT NULL);
"""
_OUTCOMES = "CREATE INDEX outcomes ON events (id) WHERE phase = 'outcome';"
"""What logs of earlier versions have besides. Keeping it took longer than all the rest of a row, so it goes where one is opened."""
_ROW = "SELECT idx, id, phase, CAST(payload AS BLOB), CAST(hash AS BLOB) FROM events"
"""What somebody else put there may be of another type; it is judged by its bytes like everything else."""
_SETTLED = "coalesce((SELECT settled FROM checkpoints ORDER BY idx DESC LIMIT 1), -1)"
_DANGLING = f"""
{_ROW} WHERE phase = 'intent' AND idx > {_SETTLED} AND id NOT IN (SELECT id FROM events WHERE phase = 'outcome' AND idx > {_SETTLED})
ORDER BY idx
"""  # noqa: S608  (joined from constants)
"""An outcome stands behind its intent."""


LONGEST_WAL = 4_096
"""Pages, 16 MiB, after which a fold makes writers begin the write-ahead log anew. While rows come without a pause, a passive one never
meets the moment at which nothing is left to move, and the log of 16,000 calls took 137 MB."""

_TOGETHER = 64
"""How many rows one statement adds: a statement is a transaction of its own, and runs without a look back at Python."""


def check_log(path: Path) -> None:
    """Looks at a log that another user has written, before it is opened as one of ours. Raises FormatUnknown, StateDamaged."""
    check_foreign(path, _SCHEMA, _SCHEMA + _OUTCOMES)


class AuditDb:
    """``ports.AuditStore`` over one SQLite file. ``synchronous=NORMAL``: outlives ``kill -9``; a power cut may lose the last second.

    Rows are added over one connection and read over another, so that a long look at the log never keeps a call waiting.
    """

    def __init__(self, path: Path) -> None:
        self._writer = connect(path, "NORMAL")
        create(self._writer, _SCHEMA)
        with writing():
            self._writer.execute("DROP INDEX IF EXISTS outcomes")
        self._writer.execute("PRAGMA wal_autocheckpoint=0")  # waiting for the disk is left to ``fold``
        self._db = connect(path, "NORMAL")

    def close(self) -> None:
        """Moves everything into the file and closes it."""
        self._writer.close()
        self._db.close()

    def fold(self) -> None:
        """Moves what was appended from the write-ahead log into the file, and waits for the disk."""
        with writing():
            _, pages, _ = self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if pages > LONGEST_WAL:
                self._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()

    def last(self) -> LogRow | None:
        """The newest row."""
        newest = self.before(2**62, 1)
        return newest[0] if newest else None

    def append(self, rows: Sequence[LogRow]) -> None:
        """Adds rows in one transaction. Raises StateUnwritable; nothing was added then."""
        if not rows:
            return
        if len(rows) <= _TOGETHER:
            with writing():
                undo(self._writer)
                _insert(self._writer, rows)
            return
        with transaction(self._writer) as db:
            for start in range(0, len(rows), _TOGETHER):
                _insert(db, rows[start : start + _TOGETHER])

    def rows(self, start: int, count: int) -> list[LogRow]:
        """Up to ``count`` rows from an index on, in order."""
        with writing():
            return [LogRow(*row) for row in self._db.execute(f"{_ROW} WHERE idx >= ? ORDER BY idx LIMIT ?", (start, count))]

    def before(self, stop: int, count: int) -> list[LogRow]:
        """Up to ``count`` rows below an index, newest first."""
        with writing():
            return [LogRow(*row) for row in self._db.execute(f"{_ROW} WHERE idx < ? ORDER BY idx DESC LIMIT ?", (stop, count))]

    def dangling(self) -> list[LogRow]:
        """Intents whose outcome was never written; what the last checkpoint calls settled is not looked at again."""
        with writing():
            return [LogRow(*row) for row in self._db.execute(_DANGLING)]

    def last_checkpoint(self) -> int:
        """Index of the row up to which the log is anchored, -1 for none."""
        with writing():
            return int(self._db.execute("SELECT coalesce(max(idx), -1) FROM checkpoints").fetchone()[0])

    def checkpoints(self) -> list[tuple[int, bytes]]:
        """All device-signed checkpoints: index and encoded envelope, in order."""
        with writing():
            return list(self._db.execute("SELECT idx, CAST(envelope AS BLOB) FROM checkpoints ORDER BY idx"))

    def add_checkpoint(self, index: int, envelope: bytes, settled: int) -> None:
        """Adds a checkpoint, without waiting for the disk. The first word on an index stands: no later one replaces it."""
        with transaction(self._writer) as db:
            db.execute("INSERT OR IGNORE INTO checkpoints VALUES (?, ?, ?)", (index, envelope, settled))


def _insert(db: sqlite3.Connection, rows: Sequence[LogRow]) -> None:
    parts: list[int | str | bytearray] = []
    for row in rows:
        # sqlite3 looks for an adapter of every ``bytes``, which costs an exception; of a ``bytearray`` it does not
        parts += (row.index, row.id, row.phase, bytearray(row.payload), bytearray(row.hash))
    db.execute(f"INSERT INTO events VALUES {', '.join(['(?, ?, ?, ?, ?)'] * len(rows))}", parts)  # noqa: S608  (question marks only)
