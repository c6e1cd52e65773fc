"""Ports without a disk, a thread or a clock on the wall; ``tests/contract`` holds them to what the real ones do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TypeVar

from agentsecrets.crypto.keys import SealedAccount
from agentsecrets.crypto.records import SealedRecord
from agentsecrets.errors import AccountExists, HeadMoved, StateUnwritable
from agentsecrets.model.place import Place, WorkspaceId
from agentsecrets.ports import LogRow

T = TypeVar("T")


@dataclass
class HandClock:
    """``ports.Clock`` that goes on only when it is told to."""

    ms: int = 1_764_000_000_000
    seconds: float = 100.0

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.seconds

    def go_on(self, seconds: float) -> None:
        """Lets time pass on both clocks."""
        self.ms, self.seconds = self.ms + round(seconds * 1000), self.seconds + seconds


class PlainWorker:
    """``ports.Writer`` that does each deed at once."""

    async def run(self, deed: Callable[[], T]) -> T:
        return deed()

    def away(self) -> AbstractContextManager[None]:
        return nullcontext()

    def post(self, deed: Callable[[], T], done: Callable[[T | None, BaseException | None], None]) -> None:
        answer, failure = None, None
        try:
            answer = deed()
        except Exception as raised:  # noqa: BLE001  (whoever handed it in learns of it)
            failure = raised
        asyncio.get_running_loop().call_soon(done, answer, failure)


@dataclass
class MemoryLog:
    """``ports.AuditStore`` in two dictionaries.

    Attributes:
        full: Whether it refuses to take more.
        folds: How often it was folded.
    """

    full: bool = False
    folds: int = 0
    _rows: dict[int, LogRow] = field(default_factory=dict)
    _checkpoints: dict[int, tuple[bytes, int]] = field(default_factory=dict)

    def last(self) -> LogRow | None:
        return self._rows[max(self._rows)] if self._rows else None

    def append(self, rows: Sequence[LogRow]) -> None:
        if self.full or any(row.index in self._rows for row in rows):
            raise StateUnwritable(problem="the disk is full")
        self._rows.update({row.index: row for row in rows})

    def fold(self) -> None:
        self.folds += 1

    def rows(self, start: int, count: int) -> list[LogRow]:
        return [self._rows[index] for index in sorted(self._rows) if index >= start][:count]

    def before(self, stop: int, count: int) -> list[LogRow]:
        return [self._rows[index] for index in sorted(self._rows, reverse=True) if index < stop][:count]

    def dangling(self) -> list[LogRow]:
        settled = self._checkpoints[self.last_checkpoint()][1] if self._checkpoints else -1
        late = [row for row in self.rows(0, len(self._rows)) if row.index > settled]
        ended = {row.id for row in late if row.phase == "outcome"}
        return [row for row in late if row.phase == "intent" and row.id not in ended]

    def last_checkpoint(self) -> int:
        return max(self._checkpoints, default=-1)

    def checkpoints(self) -> list[tuple[int, bytes]]:
        return [(index, self._checkpoints[index][0]) for index in sorted(self._checkpoints)]

    def add_checkpoint(self, index: int, envelope: bytes, settled: int) -> None:
        if self.full:
            raise StateUnwritable(problem="the disk is full")
        self._checkpoints.setdefault(index, (envelope, settled))


@dataclass
class _Kept:
    record: SealedRecord
    deleted_ms: int = 0


@dataclass
class MemoryState:
    """``ports.StateStore`` in dictionaries."""

    _account: SealedAccount | None = None
    _ledgers: dict[WorkspaceId, list[bytes]] = field(default_factory=dict)
    _name_keys: dict[Place, bytes] = field(default_factory=dict)
    _records: dict[tuple[Place, str], dict[int, _Kept]] = field(default_factory=dict)
    _bindings: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    _folders: dict[str, bytes] = field(default_factory=dict)
    _remembered: dict[str, bytes] = field(default_factory=dict)
    _choices: dict[str, str] = field(default_factory=dict)
    _items: list[str] = field(default_factory=list)

    def account(self) -> SealedAccount | None:
        return self._account

    def found(self, account: SealedAccount, workspace_id: WorkspaceId, first_entry: bytes) -> None:
        if self._account is not None:
            raise AccountExists(email=self._account.email)
        self._account, self._ledgers = account, {workspace_id: [first_entry]}

    def workspaces(self) -> list[WorkspaceId]:
        return list(self._ledgers)

    def ledger(self, workspace_id: WorkspaceId, start: int = 0) -> list[bytes]:
        return self._ledgers.get(workspace_id, [])[start:]

    def append_entry(self, workspace_id: WorkspaceId, seq: int, envelope: bytes) -> None:
        ledger = self._ledgers.setdefault(workspace_id, [])
        if seq < len(ledger):
            raise HeadMoved
        ledger.append(envelope)

    def name_key(self, place: Place) -> bytes | None:
        return self._name_keys.get(place)

    def add_name_key(self, place: Place, sealed: bytes) -> bytes:
        return self._name_keys.setdefault(place, sealed)

    def record(self, place: Place, record_id: str) -> SealedRecord | None:
        versions = self._records.get((place, record_id), {})
        newest = versions[max(versions)] if versions else None
        return None if newest is None or newest.deleted_ms else newest.record

    def records(self, place: Place) -> list[SealedRecord]:
        found = [self.record(place, record_id) for where, record_id in self._records if where == place]
        return [record for record in found if record is not None]

    def newest_version(self, place: Place, record_id: str) -> int:
        return max(self._records.get((place, record_id), {}), default=0)

    def versions(self, place: Place, record_id: str) -> list[tuple[SealedRecord, int]]:
        versions = self._records.get((place, record_id), {})
        return [(versions[at].record, versions[at].deleted_ms) for at in sorted(versions, reverse=True) if versions[at].record.body]

    def put_records(self, records: Sequence[tuple[Place, SealedRecord]], keep: int) -> None:
        new = [(place, record.record_id, record.version) for place, record in records]
        if len(set(new)) < len(new) or any(version in self._records.get((place, rid), {}) for place, rid, version in new):
            raise HeadMoved
        for place, record in records:
            versions = self._records.setdefault((place, record.record_id), {})
            versions[record.version] = _Kept(record)
            for old in [at for at in versions if at <= record.version - keep]:
                del versions[old]

    def delete_records(self, place: Place, record_ids: Sequence[str], now_ms: int) -> list[str]:
        gone = []
        for record_id in record_ids:
            there = [kept for kept in self._records.get((place, record_id), {}).values() if not kept.deleted_ms]
            for kept in there:
                kept.deleted_ms = now_ms
            gone += [record_id] if there else []
        return gone

    def deleted_records(self, place: Place, since_ms: int) -> list[tuple[SealedRecord, int]]:
        found = []
        for (where, _), versions in self._records.items():
            newest = versions[max(versions)]
            if where == place and newest.deleted_ms >= max(since_ms, 1) and newest.record.body:
                found.append((newest.record, newest.deleted_ms))
        return found

    def restore_record(self, place: Place, record_id: str, since_ms: int) -> bool:
        newest = self.versions(place, record_id)[:1]
        if not newest or newest[0][1] < max(since_ms, 1):
            return False
        for kept in self._records[place, record_id].values():
            kept.deleted_ms = 0 if kept.deleted_ms == newest[0][1] else kept.deleted_ms
        return True

    def purge_records(self, before_ms: int) -> int:
        purged = 0
        for versions in self._records.values():
            newest = max(versions)
            for at in [at for at, kept in versions.items() if 1 <= kept.deleted_ms <= before_ms and (at < newest or kept.record.body)]:
                purged += 1
                if at < newest:
                    del versions[at]
                else:
                    old = versions[at].record
                    versions[at].record = SealedRecord(old.record_id, old.version, old.epoch, b"", b"")
        return purged

    def binding(self, place: Place, binding_id: str) -> bytes | None:
        return self._bindings.get((place.workspace_id, place.project_id, binding_id))

    def bindings(self, place: Place) -> list[bytes]:
        return [encoded for (workspace, project, _), encoded in self._bindings.items() if (workspace, project) == place.parts[:2]]

    def put_binding(self, place: Place, binding_id: str, previous: bytes | None, envelope: bytes) -> None:
        if self.binding(place, binding_id) != previous:
            raise HeadMoved
        self._bindings[place.workspace_id, place.project_id, binding_id] = envelope

    def folder(self, path: str) -> bytes | None:
        return self._folders.get(path)

    def put_folder(self, path: str, envelope: bytes) -> None:
        self._folders[path] = envelope

    def remembered(self) -> list[bytes]:
        return [self._remembered[remembered_id] for remembered_id in sorted(self._remembered)]

    def put_remembered(self, remembered_id: str, envelope: bytes) -> None:
        self._remembered[remembered_id] = envelope

    def drop_remembered(self, remembered_id: str) -> None:
        self._remembered.pop(remembered_id, None)

    def rewrite(self, before: SealedAccount, account: SealedAccount) -> None:
        if self._account != before:
            raise HeadMoved
        self._account = account

    def items(self) -> list[str]:
        return list(self._items)

    def note_item(self, name: str) -> None:
        self._items.append(name)

    def forget_item(self, name: str) -> None:
        self._items = [other for other in self._items if other != name]

    def choice(self, name: str) -> str:
        return self._choices.get(name, "")

    def choose(self, choices: Iterable[tuple[str, str]]) -> None:
        self._choices.update(choices)
