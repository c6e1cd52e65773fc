"""Secrets of an unlocked workspace: set, list, open, delete."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from agentsecrets.crypto.records import (
    RecordHead,
    SealedRecord,
    open_body,
    open_head,
    open_name_key,
    record_id,
    seal_name_key,
    seal_record,
)
from agentsecrets.crypto.sealing import new_key
from agentsecrets.crypto.value import Value
from agentsecrets.errors import RecordCorrupt, SecretNotFound, StoreOlder
from agentsecrets.model.place import Place
from agentsecrets.model.secret import KeyName
from agentsecrets.ports import Clock, StateStore, Worker
from agentsecrets.vault.unbroken import unbroken
from agentsecrets.vault.workspace import Workspace

KEPT_VERSIONS = 20
CACHE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class SecretLine:
    """What a list shows of one secret: never its value."""

    key: KeyName
    version: int
    time_ms: int
    note: str


class Secrets:
    """``ports.Opener``, and the verbs that change a vault."""

    def __init__(self, workspace: Workspace, store: StateStore, worker: Worker, clock: Clock) -> None:
        self._workspace, self._store, self._worker, self._clock = workspace, store, worker, clock
        self._changing = asyncio.Lock()
        self._open: dict[tuple[Place, KeyName], tuple[Value, float]] = {}
        self._seen: dict[tuple[Place, str], int] = {}

    async def open(self, place: Place, key: KeyName) -> Value:
        """Opens the newest version of a secret; kept in memory for a minute.

        Raises:
            SecretNotFound: When there is none.
            RecordCorrupt: When it does not open.
            StoreOlder: When this daemon has seen a newer version.
        """
        held = self._open.get((place, key))
        if held is not None and self._clock.monotonic() < held[1]:
            return held[0]
        value = await self._worker.run(lambda: self._read(place, key))
        self._open[place, key] = value, self._clock.monotonic() + CACHE_SECONDS
        return value

    async def set(self, place: Place, key: KeyName, value: Value, note: str = "") -> int:
        """Stores a value as the next version; answers its number once it is on disk."""

        async def deed() -> int:
            async with self._changing:
                version = await self._worker.run(lambda: self._write(place, key, value, note))
                self._open.pop((place, key), None)
                return version

        return await unbroken(deed())

    async def delete(self, place: Place, key: KeyName) -> None:
        """Marks a secret as deleted.

        Raises:
            SecretNotFound: When there is none.
        """

        def mark() -> bool:
            name_key = self._name_key(place)
            return name_key is not None and self._store.delete_record(place, record_id(name_key, key), self._clock.now_ms())

        async def deed() -> bool:
            async with self._changing:
                found = await self._worker.run(mark)
                self._open.pop((place, key), None)
                return found

        if not await unbroken(deed()):
            raise SecretNotFound(key=key)

    async def lines(self, place: Place) -> list[SecretLine]:
        """Names, versions and times, sorted by name. Opens heads only."""
        return await self._worker.run(lambda: self._list(place))

    def forget(self) -> None:
        """Drops every opened value from memory."""
        self._open.clear()

    def _vault_key(self, place: Place) -> bytes:
        return self._workspace.keys.vault_key(place.project_id, place.environment)

    def _name_key(self, place: Place) -> bytes | None:
        sealed = self._store.name_key(place)
        return None if sealed is None else open_name_key(self._vault_key(place), sealed, place)

    def _read(self, place: Place, key: KeyName) -> Value:
        name_key = self._name_key(place)
        record = None if name_key is None else self._store.record(place, record_id(name_key, key))
        if record is None:
            raise SecretNotFound(key=key)
        if record.version < self._seen.get((place, record.record_id), 0):
            raise StoreOlder
        if open_head(self._vault_key(place), place, record).key != key:
            raise RecordCorrupt
        self._seen[place, record.record_id] = record.version
        return open_body(self._vault_key(place), place, record)

    def _write(self, place: Place, key: KeyName, value: Value, note: str) -> int:
        vault_key, name_key = self._vault_key(place), self._name_key(place)
        if name_key is None:
            stored = self._store.add_name_key(place, seal_name_key(vault_key, new_key(), place))
            name_key = open_name_key(vault_key, stored, place)
        rid = record_id(name_key, key)
        before = self._store.record(place, rid)
        version = self._store.newest_version(place, rid) + 1
        head = RecordHead(
            key=key,
            time_ms=self._clock.now_ms(),
            author=self._workspace.account.account_id,
            note=note,
            parent=before.digest if before is not None else "",
        )
        self._store.put_record(place, seal_record(vault_key, place, (rid, version, 1), head, value), KEPT_VERSIONS)
        self._seen[place, rid] = version
        return version

    def _list(self, place: Place) -> list[SecretLine]:
        vault_key = self._vault_key(place)
        records = self._store.records(place)
        return sorted((_line(place, record, vault_key) for record in records), key=lambda line: line.key)


def _line(place: Place, record: SealedRecord, vault_key: bytes) -> SecretLine:
    head = open_head(vault_key, place, record)
    return SecretLine(KeyName(head.key), record.version, head.time_ms, head.note)
