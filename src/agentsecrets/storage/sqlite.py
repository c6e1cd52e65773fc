"""How the two databases are opened and how SQLite's complaints are translated."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

from agentsecrets.errors import FormatUnknown, StateDamaged, StateUnwritable

T = TypeVar("T")

SCHEMA_VERSION = 1

OPENING_SECONDS = 30.0
"""How long the opening of a database is tried anew while others make it or close it: on a busy disk, each of them may take seconds."""

_BETWEEN_TRIES = 0.01
"""Seconds. Of two that got in each other's way one goes on, so that they need not come back at different moments."""

_MAGIC = b"SQLite format 3\0"
"""How a database begins. Source: sqlite.org/fileformat2.html, 1.3.1."""

_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR")
"""``SQLITE_ERROR``: a table or column that was there is missing."""

_REASONS = {
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "it is read-only",
    "SQLITE_CANTOPEN": "a database in it cannot be opened",
    "SQLITE_BUSY": "another program holds a database in it",
    "SQLITE_IOERR": "the disk reports an error",
}
"""SQLite's result codes, by their beginnings, in our words (sqlite.org/rescode.html)."""


_IN_THE_WAY = ("SQLITE_BUSY", "SQLITE_PROTOCOL")
"""What SQLite says when another program opens or closes the same database; ``SQLITE_PROTOCOL`` after a race for the write-ahead log."""


def connect(path: Path, synchronous: Literal["FULL", "NORMAL"]) -> sqlite3.Connection:
    """Opens a database for its one writer, write-ahead log on.

    Args:
        path: The file; made for its owner only when it is missing.
        synchronous: ``FULL`` outlives a power cut, ``NORMAL`` outlives a killed process.

    Raises:
        StateUnwritable: When it cannot be opened or written, or others were in the way for ``OPENING_SECONDS``.
        StateDamaged: When it is no database any more; it is left as it is.
    """
    if os.statvfs(path.parent).f_flag & os.ST_RDONLY:
        raise StateUnwritable(problem="it is read-only")  # SQLite itself says so or not, by which files of the database are there
    with writing():
        _make_private(path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
        _patiently(lambda: connection.execute("PRAGMA journal_mode=WAL"))
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten
        connection.execute("PRAGMA trusted_schema=OFF")  # sqlite.org/security.html: for files that someone else may have written
        return connection


def check_header(path: Path) -> None:
    """Looks at the first bytes of a database without opening it as one: nothing beside it is made or changed.

    Raises:
        StateDamaged: When it is no database.
        StateUnwritable: When it cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except FileNotFoundError:
        return
    except OSError as failure:
        raise StateUnwritable(problem=failure.strerror or "unknown") from None
    if start not in (b"", _MAGIC):
        raise StateDamaged


def _make_private(path: Path) -> None:
    """Makes a missing file for its owner only. One that is there is not opened: closing it would drop this process's locks on it.

    Another program would then take itself for the last user of the database and remove the write-ahead log under the one that goes on
    writing to it. Source: fcntl(2), advisory record locking; sqlite.org/howtocorrupt.html, 2.2.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if path.is_symlink():
            raise


def create(connection: sqlite3.Connection, schema: str) -> None:
    """Makes the tables once. Whoever finds them there asks for no lock that a writer may hold.

    Raises:
        FormatUnknown: When another version of AgentSecrets made them.
        StateUnwritable: When it cannot be written, or others were in the way for ``OPENING_SECONDS``.
    """
    with writing():
        if _patiently(lambda: _version(connection)) == 0:
            _patiently(lambda: _make_tables(connection, schema))


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, SCHEMA_VERSION):
        raise FormatUnknown(kind="state database")
    return int(version)


def _make_tables(connection: sqlite3.Connection, schema: str) -> None:
    with _whole(connection) as db:
        if _version(db) == 0:  # of two programs that come to a new file at once, one makes the tables
            for statement in filter(str.strip, schema.split(";")):
                db.execute(statement)
            db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def check_foreign(path: Path, *schemas: str) -> None:
    """Refuses a database that another user has written, unless it holds our tables and nothing else, and holds together.

    A trigger or a view would come along with the file, and act on what is written and read later. Source: sqlite.org/security.html, 1.3.

    Args:
        path: The file.
        schemas: What it may hold: the tables of now, or those of an earlier version.

    Raises:
        FormatUnknown: When another version of AgentSecrets made it.
        StateDamaged: When it is anything else.
    """
    known = [_objects_of(schema) for schema in schemas]
    with contextlib.closing(connect(path, "FULL")) as found, writing():
        if _version(found) != SCHEMA_VERSION:
            raise FormatUnknown(kind="state database")
        if _objects(found) not in known or found.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            raise StateDamaged


def _objects_of(schema: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as ours:
        create(ours, schema)
        return _objects(ours)


def _objects(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").fetchall()


def _patiently(deed: Callable[[], T]) -> T:
    """Does what may be refused because another program makes or closes the same database, again and again for ``OPENING_SECONDS``.

    SQLite's own waiting does not suffice. Of two that both read a new file and want to turn its write-ahead log on, it refuses one at once,
    for neither could ever go on (sqlite.org/c3ref/busy_handler.html); and it asks for a lock at intervals, so that among many one may come
    away empty for seconds.
    """
    given_up = time.monotonic() + OPENING_SECONDS
    while True:
        try:
            return deed()
        except sqlite3.OperationalError as failure:
            if not _name(failure).startswith(_IN_THE_WAY) or time.monotonic() >= given_up:
                raise
        time.sleep(_BETWEEN_TRIES)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One transaction: committed at the end of the block, undone when anything is raised in it."""
    with writing(), _whole(connection):
        yield connection


@contextlib.contextmanager
def _whole(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    undo(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def undo(connection: sqlite3.Connection) -> None:
    """Undoes a transaction that an earlier failure left open because the disk refused even to undo it."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Turns the disk's refusals into ours; SQLite's own text stays here."""
    try:
        yield
    except sqlite3.Error as failure:
        name = _name(failure)
        if name.startswith(_DAMAGED) or (name == "unknown" and isinstance(failure, sqlite3.OperationalError)):  # a text that is not UTF-8
            raise StateDamaged from None
        raise StateUnwritable(problem=_reason(name)) from None
    except OSError as failure:
        raise StateUnwritable(problem=failure.strerror or "unknown") from None


def _name(failure: sqlite3.Error) -> str:
    return str(getattr(failure, "sqlite_errorname", "") or "unknown")


def _reason(name: str) -> str:
    known = (reason for start, reason in _REASONS.items() if name.startswith(start))
    return next(known, name.removeprefix("SQLITE_").lower().replace("_", " "))
