"""The sealed state in SQLite."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from agentsecrets.crypto.keys import SealedAccount
from agentsecrets.crypto.records import SealedRecord
from agentsecrets.errors import AccountExists, HeadMoved, StateDamaged
from agentsecrets.model.place import Place, WorkspaceId
from agentsecrets.model.statement import as_json, read_json
from agentsecrets.storage.sqlite import check_foreign, connect, create, transaction, writing

_SCHEMA = """
CREATE TABLE account (id INTEGER PRIMARY KEY CHECK (id = 1), document BLOB NOT NULL);
CREATE TABLE ledger (workspace_id TEXT NOT NULL, seq INTEGER NOT NULL, envelope BLOB NOT NULL, PRIMARY KEY (workspace_id, seq));
CREATE TABLE vaults (
  workspace_id TEXT NOT NULL, project_id TEXT NOT NULL, environment TEXT NOT NULL, name_key BLOB NOT NULL,
  PRIMARY KEY (workspace_id, project_id, environment)) WITHOUT ROWID;
CREATE TABLE records (
  workspace_id TEXT NOT NULL, project_id TEXT NOT NULL, environment TEXT NOT NULL, record_id TEXT NOT NULL,
  version INTEGER NOT NULL, epoch INTEGER NOT NULL, head BLOB NOT NULL, body BLOB NOT NULL, deleted_ms INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, project_id, environment, record_id, version));
CREATE TABLE bindings (
  workspace_id TEXT NOT NULL, project_id TEXT NOT NULL, binding_id TEXT NOT NULL, envelope BLOB NOT NULL,
  PRIMARY KEY (workspace_id, project_id, binding_id)) WITHOUT ROWID;
CREATE TABLE folders (path TEXT PRIMARY KEY, envelope BLOB NOT NULL);
CREATE TABLE remembered (remembered_id TEXT PRIMARY KEY, envelope BLOB NOT NULL);
CREATE TABLE choices (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_ITEMS = "keychain_items"
_VAULT = "workspace_id = ? AND project_id = ? AND environment = ?"
_HIGHEST = f"(SELECT max(version) FROM records WHERE {_VAULT} AND record_id = outermost.record_id)"  # noqa: S608  (joined from constants)
_NEWEST = f"""
SELECT record_id, version, epoch, head, body FROM records AS outermost WHERE {_VAULT} AND deleted_ms = 0 AND version = {_HIGHEST}
"""  # noqa: S608  (as above)
_DATED = "SELECT record_id, version, epoch, head, body, deleted_ms FROM records"
_SAME = """workspace_id = outermost.workspace_id AND project_id = outermost.project_id AND environment = outermost.environment
AND record_id = outermost.record_id"""
_OLD = f"deleted_ms BETWEEN 1 AND ? AND version {{}} (SELECT max(version) FROM records WHERE {_SAME})"  # noqa: S608  (as above)
_EMPTY = f"UPDATE records AS outermost SET head = x'', body = x'' WHERE length(body) > 0 AND {_OLD.format('=')}"  # noqa: S608  (as above)
_DROP = f"DELETE FROM records AS outermost WHERE {_OLD.format('<')}"  # noqa: S608  (as above)


def check_state(path: Path) -> None:
    """Looks at a state that another user has written, before it is opened as one of ours. Raises FormatUnknown, StateDamaged."""
    check_foreign(path, _SCHEMA)


def account_in(path: Path) -> SealedAccount | None:
    """The account in a state, for whoever asks for nothing else; None where there is no file, or no account in it.

    Raises:
        StateDamaged, StateUnwritable, FormatUnknown
    """
    if not path.exists():
        return None
    with contextlib.closing(StateDb(path)) as store:
        return store.account()


class StateDb:
    """``ports.StateStore`` over one SQLite file. ``synchronous=FULL``: an acknowledged secret outlives a power cut."""

    def __init__(self, path: Path) -> None:
        self._db = connect(path, "FULL")
        create(self._db, _SCHEMA)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def account(self) -> SealedAccount | None:
        """The account of this machine."""
        row = self._one("SELECT document FROM account")
        return None if row is None else read_json(_blob(row[0]), SealedAccount, "account")

    def found(self, account: SealedAccount, workspace_id: WorkspaceId, first_entry: bytes) -> None:
        """Writes a new account and its workspace in one transaction. Raises AccountExists when another program was quicker."""
        with transaction(self._db) as db:
            existing = self.account()
            if existing is not None:
                raise AccountExists(email=existing.email)
            db.execute("INSERT INTO account VALUES (1, ?)", (as_json(account),))
            db.execute("INSERT INTO ledger VALUES (?, 0, ?)", (workspace_id, first_entry))

    def rewrite(self, before: SealedAccount, account: SealedAccount) -> None:
        """Replaces the account by the same one sealed otherwise; what it was before is in no file any more.

        Raises:
            HeadMoved: When another program has sealed it anew meanwhile.
        """
        with transaction(self._db) as db:
            if self.account() != before:
                raise HeadMoved
            db.execute("UPDATE account SET document = ? WHERE id = 1", (as_json(account),))
        self._fold()

    def items(self) -> list[str]:
        """Names of keychain items that may be there: noted before they were made, until they were removed."""
        return self.choice(_ITEMS).split()

    def note_item(self, name: str) -> None:
        """Notes one."""
        self._note(lambda names: [*names, name])

    def forget_item(self, name: str) -> None:
        """Takes the note back, and what the account was before is in no file any more, should a change of it have been cut off."""
        self._note(lambda names: [other for other in names if other != name])
        self._fold()

    def workspaces(self) -> list[WorkspaceId]:
        """The workspaces that have a ledger here, in the order in which they came."""
        with writing():
            return [WorkspaceId(row[0]) for row in self._db.execute("SELECT workspace_id FROM ledger GROUP BY 1 ORDER BY min(rowid)")]

    def ledger(self, workspace_id: WorkspaceId, start: int = 0) -> list[bytes]:
        """Encoded entries of a workspace from a number on, in order."""
        query = "SELECT envelope FROM ledger WHERE workspace_id = ? AND seq >= ? ORDER BY seq"
        with writing():
            return [_blob(row[0]) for row in self._db.execute(query, (workspace_id, start))]

    def append_entry(self, workspace_id: WorkspaceId, seq: int, envelope: bytes) -> None:
        """Adds an entry, 0 for a new workspace. Raises HeadMoved when that number is taken."""
        with transaction(self._db) as db:
            try:
                db.execute("INSERT INTO ledger VALUES (?, ?, ?)", (workspace_id, seq, envelope))
            except sqlite3.IntegrityError:
                raise HeadMoved from None

    def name_key(self, place: Place) -> bytes | None:
        """The sealed name key of a vault."""
        row = self._one(f"SELECT name_key FROM vaults WHERE {_VAULT}", *_key(place))  # noqa: S608  (joined from constants)
        return None if row is None else _blob(row[0])

    def add_name_key(self, place: Place, sealed: bytes) -> bytes:
        """Stores a vault's name key unless it has one; answers the one stored."""
        with transaction(self._db) as db:
            db.execute("INSERT OR IGNORE INTO vaults VALUES (?, ?, ?, ?)", (*_key(place), sealed))
        stored = self.name_key(place)
        return sealed if stored is None else stored

    def record(self, place: Place, record_id: str) -> SealedRecord | None:
        """The newest version of a secret that is not deleted."""
        row = self._one(f"{_NEWEST} AND record_id = ?", *_key(place), *_key(place), record_id)
        return None if row is None else _record(row)

    def records(self, place: Place) -> list[SealedRecord]:
        """The newest version of each secret that is not deleted."""
        with writing():
            return [_record(row) for row in self._db.execute(_NEWEST, (*_key(place), *_key(place)))]

    def newest_version(self, place: Place, record_id: str) -> int:
        """The highest version ever used, deleted ones included; 0 for none."""
        query = f"SELECT max(version) FROM records WHERE {_VAULT} AND record_id = ?"  # noqa: S608  (joined from constants)
        row = self._one(query, *_key(place), record_id)
        return 0 if row is None or row[0] is None else int(row[0])

    def versions(self, place: Place, record_id: str) -> list[tuple[SealedRecord, int]]:
        """The versions of a secret that are kept, newest first, each with the time of its deletion, 0 for none."""
        query = f"{_DATED} WHERE {_VAULT} AND record_id = ? AND length(body) > 0 ORDER BY version DESC"
        return self._dated(query, *_key(place), record_id)

    def put_records(self, records: Sequence[tuple[Place, SealedRecord]], keep: int) -> None:
        """Adds versions, all of them or none, and drops all but the newest ``keep`` of each secret.

        Raises:
            HeadMoved: When one of these versions is taken.
        """
        rows = [(*_key(place), it.record_id, it.version, it.epoch, it.head, it.body) for place, it in records]
        drop = f"DELETE FROM records WHERE {_VAULT} AND record_id = ? AND version <= ?"  # noqa: S608  (joined from constants)
        with transaction(self._db) as db:
            try:
                db.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)", rows)
            except sqlite3.IntegrityError:
                raise HeadMoved from None
            db.executemany(drop, [(*_key(place), record.record_id, record.version - keep) for place, record in records])

    def delete_records(self, place: Place, record_ids: Sequence[str], now_ms: int) -> list[str]:
        """Marks all versions of secrets as deleted, all of them at once; answers those that were there."""
        mark = f"UPDATE records SET deleted_ms = ? WHERE {_VAULT} AND record_id = ? AND deleted_ms = 0"  # noqa: S608  (joined from constants)
        with transaction(self._db) as db:
            return [rid for rid in record_ids if db.execute(mark, (now_ms, *_key(place), rid)).rowcount > 0]

    def deleted_records(self, place: Place, since_ms: int) -> list[tuple[SealedRecord, int]]:
        """The newest version of each secret that was deleted since then and not set again, with the time of its deletion."""
        query = f"{_DATED} AS outermost WHERE {_VAULT} AND deleted_ms >= max(?, 1) AND length(body) > 0 AND version = {_HIGHEST}"
        return self._dated(query, *_key(place), since_ms, *_key(place))

    def restore_record(self, place: Place, record_id: str, since_ms: int) -> bool:
        """Takes back the deletion of a secret, of the versions that went in it; says whether there was one since then."""
        gone = [deleted_ms for _, deleted_ms in self.versions(place, record_id)[:1] if deleted_ms >= max(since_ms, 1)]
        restore = f"UPDATE records SET deleted_ms = 0 WHERE {_VAULT} AND record_id = ? AND deleted_ms = ?"  # noqa: S608  (joined from constants)
        with transaction(self._db) as db:
            return bool(gone) and db.execute(restore, (*_key(place), record_id, gone[0])).rowcount > 0

    def purge_records(self, before_ms: int) -> int:
        """Drops versions that were deleted before then, but for the number of the newest of each secret; answers how many."""
        with transaction(self._db) as db:
            purged = db.execute(_EMPTY, (before_ms,)).rowcount + db.execute(_DROP, (before_ms,)).rowcount
        if purged:
            self._fold()
        return purged

    def binding(self, place: Place, binding_id: str) -> bytes | None:
        """The newest encoded binding of a key in a project."""
        query = "SELECT envelope FROM bindings WHERE workspace_id = ? AND project_id = ? AND binding_id = ?"
        row = self._one(query, place.workspace_id, place.project_id, binding_id)
        return None if row is None else _blob(row[0])

    def bindings(self, place: Place) -> list[bytes]:
        """The newest encoded binding of every key of a project that has one."""
        query = "SELECT envelope FROM bindings WHERE workspace_id = ? AND project_id = ?"
        with writing():
            return [_blob(row[0]) for row in self._db.execute(query, (place.workspace_id, place.project_id))]

    def put_binding(self, place: Place, binding_id: str, previous: bytes | None, envelope: bytes) -> None:
        """Replaces a binding. Raises HeadMoved unless ``previous`` is the one stored."""
        with transaction(self._db) as db:
            if self.binding(place, binding_id) != previous:
                raise HeadMoved
            db.execute("INSERT OR REPLACE INTO bindings VALUES (?, ?, ?, ?)", (place.workspace_id, place.project_id, binding_id, envelope))

    def folder(self, path: str) -> bytes | None:
        """The encoded word of trust in a folder's project file."""
        row = self._one("SELECT envelope FROM folders WHERE path = ?", path)
        return None if row is None else _blob(row[0])

    def put_folder(self, path: str, envelope: bytes) -> None:
        """Stores or replaces it."""
        with transaction(self._db) as db:
            db.execute("INSERT OR REPLACE INTO folders VALUES (?, ?)", (path, envelope))

    def remembered(self) -> list[bytes]:
        """The encoded words for commands that may have values without being asked."""
        with writing():
            return [_blob(row[0]) for row in self._db.execute("SELECT envelope FROM remembered ORDER BY remembered_id")]

    def put_remembered(self, remembered_id: str, envelope: bytes) -> None:
        """Stores or replaces one of them."""
        with transaction(self._db) as db:
            db.execute("INSERT OR REPLACE INTO remembered VALUES (?, ?)", (remembered_id, envelope))

    def drop_remembered(self, remembered_id: str) -> None:
        """Deletes one of them."""
        with transaction(self._db) as db:
            db.execute("DELETE FROM remembered WHERE remembered_id = ?", (remembered_id,))

    def choice(self, name: str) -> str:
        """A remembered choice such as the active project, empty when none was made."""
        row = self._one("SELECT value FROM choices WHERE name = ?", name)
        return "" if row is None else row[0]

    def choose(self, choices: Iterable[tuple[str, str]]) -> None:
        """Remembers choices."""
        with transaction(self._db) as db:
            db.executemany("INSERT OR REPLACE INTO choices VALUES (?, ?)", list(choices))

    def _fold(self) -> None:
        """Empties the write-ahead log, which still has what the file has not."""
        with writing():
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def _note(self, change: Callable[[list[str]], list[str]]) -> None:
        with transaction(self._db) as db:
            db.execute("INSERT OR REPLACE INTO choices VALUES (?, ?)", (_ITEMS, " ".join(change(self.items()))))

    def _dated(self, query: str, *arguments: str | int) -> list[tuple[SealedRecord, int]]:
        with writing():
            return [(_record(row[:-1]), row[-1]) for row in self._db.execute(query, arguments)]

    def _one(self, query: str, *arguments: str | int) -> tuple[Any, ...] | None:
        with writing():
            row: tuple[Any, ...] | None = self._db.execute(query, arguments).fetchone()
            return row


def _key(place: Place) -> tuple[str, str, str]:
    return place.workspace_id, place.project_id, place.environment


def _blob(cell: object) -> bytes:
    """SQLite lets any type stand in any column: what someone else wrote there is not taken for bytes."""
    if not isinstance(cell, bytes):
        raise StateDamaged
    return cell


def _record(row: tuple[Any, ...]) -> SealedRecord:
    record_id, version, epoch, head, body = row
    if not isinstance(record_id, str) or not all(isinstance(number, int) and number > 0 for number in (version, epoch)):
        raise StateDamaged
    return SealedRecord(record_id, version, epoch, _blob(head), _blob(body))
