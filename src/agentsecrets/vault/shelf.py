"""The blocking half of the vaults: records as they are read from the store and written to it. Runs in a worker only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agentsecrets.crypto.records import RecordHead, SealedRecord, open_body, open_head, open_name_key, record_id, seal_name_key, seal_record
from agentsecrets.crypto.sealing import new_key
from agentsecrets.crypto.value import Value
from agentsecrets.errors import RecordCorrupt, SecretNotFound, StoreOlder
from agentsecrets.model.place import Place
from agentsecrets.model.secret import KeyName
from agentsecrets.ports import Clock, StateStore
from agentsecrets.vault.workspace import Workspace

KEPT_VERSIONS = 20
KEPT_DELETED_MS = 30 * 24 * 3600 * 1000
"""How long a deleted secret can be restored, in milliseconds."""


@dataclass(frozen=True, slots=True)
class SecretLine:
    """What a list shows of one version of a secret: never its value.

    Attributes:
        deleted_ms: When it was deleted, 0 for one that is there.
    """

    key: KeyName
    version: int
    time_ms: int
    note: str
    deleted_ms: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """A value on its way into a vault."""

    place: Place
    key: KeyName
    value: Value
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The newest version of a secret that this daemon knows of."""

    version: int
    deleted: bool = False


_NOTHING = _Seen(0)


class Shelf:
    """The vaults of one workspace over a store.

    Args:
        workspace: Whose keys open the records.
        store: Where they lie.
        clock: Time.
    """

    def __init__(self, workspace: Workspace, store: StateStore, clock: Clock) -> None:
        self._workspace, self._store, self._clock = workspace, store, clock
        self._seen: dict[tuple[Place, str], _Seen] = {}

    def read(self, place: Place, key: KeyName) -> Value:
        """Opens the newest version of a secret.

        Raises:
            SecretNotFound, RecordCorrupt
            StoreOlder: When a newer version, or its deletion, was seen before.
        """
        record = self._newest(place, key)
        self._check_age(place, record)
        value = self._opened(place, key, record)
        self._seen[place, record.record_id] = _Seen(record.version)
        return value

    def read_all(self, place: Place, keys: Sequence[KeyName]) -> list[Value]:
        """Opens the newest versions of many secrets, in the order of their names.

        Raises:
            SecretNotFound, RecordCorrupt
            StoreOlder: When a newer version of one, or its deletion, was seen before.
        """
        records = {record.record_id: record for record in self._store.records(place)}
        name_key, values = self._name_key(place), []
        for key in keys:
            record = None if name_key is None else records.get(record_id(name_key, key))
            if record is None:
                raise SecretNotFound(key=key)
            self._check_age(place, record)
            values.append(self._opened(place, key, record))
            self._seen[place, record.record_id] = _Seen(record.version)
        return values

    def read_version(self, place: Place, key: KeyName, version: int) -> Value:
        """Opens one version that is still kept.

        Raises:
            SecretNotFound, RecordCorrupt
        """
        for record, deleted_ms in self._versions(place, key):
            if record.version == version and not deleted_ms:
                return self._opened(place, key, record)
        raise SecretNotFound(key=key)

    def write(self, drafts: Iterable[Draft]) -> list[int]:
        """Stores values as the next versions of their secrets, all of them or none; answers the numbers of the versions.

        Raises:
            StoreOlder: When a newer version was seen before than the store holds.
        """
        sealed = [(draft.place, self._sealed(draft)) for draft in drafts]
        self._store.put_records(sealed, KEPT_VERSIONS)
        for place, record in sealed:
            self._seen[place, record.record_id] = _Seen(record.version)
        return [record.version for _, record in sealed]

    def delete(self, place: Place, keys: Iterable[KeyName]) -> list[KeyName]:
        """Marks secrets as deleted, all of them at once; answers those that were there."""
        name_key = self._name_key(place)
        if name_key is None:
            return []
        by_id = {record_id(name_key, key): key for key in keys}
        gone = self._store.delete_records(place, list(by_id), self._clock.now_ms())
        for rid in gone:
            self._seen[place, rid] = _Seen(self._store.newest_version(place, rid), deleted=True)
        return [by_id[rid] for rid in gone]

    def restore(self, place: Place, key: KeyName) -> int:
        """Takes back the deletion of a secret; answers the version that counts again.

        Raises:
            SecretNotFound: When it is not among the deleted ones.
        """
        name_key = self._name_key(place)
        since = self._clock.now_ms() - KEPT_DELETED_MS
        if name_key is None or not self._store.restore_record(place, record_id(name_key, key), since):
            raise SecretNotFound(key=key)
        record = self._newest(place, key)
        self._seen[place, record.record_id] = _Seen(record.version)
        return record.version

    def history(self, place: Place, key: KeyName) -> list[SecretLine]:
        """The versions that are kept, newest first, deleted ones among them.

        Raises:
            SecretNotFound: When there is none.
        """
        versions = self._versions(place, key)
        if not versions:
            raise SecretNotFound(key=key)
        return self._lines(place, versions)

    def lines(self, place: Place) -> list[SecretLine]:
        """The newest version of each secret, sorted by name."""
        records = self._store.records(place)
        for record in records:
            self._check_age(place, record)
        return sorted(self._lines(place, [(record, 0) for record in records]), key=lambda line: line.key)

    def deleted(self, place: Place) -> list[SecretLine]:
        """The newest version of each secret that can be restored, sorted by name."""
        since = self._clock.now_ms() - KEPT_DELETED_MS
        return sorted(self._lines(place, self._store.deleted_records(place, since)), key=lambda line: line.key)

    def purge(self) -> int:
        """Drops what was deleted too long ago to be restored; answers how many versions that were."""
        return self._store.purge_records(self._clock.now_ms() - KEPT_DELETED_MS)

    # --- keys and records -------------------------------------------------------------------------------------------------------------

    def _vault_key(self, place: Place) -> bytes:
        return self._workspace.keys.vault_key(place.project_id, place.environment)

    def _name_key(self, place: Place) -> bytes | None:
        sealed = self._store.name_key(place)
        return None if sealed is None else open_name_key(self._vault_key(place), sealed, place)

    def _newest(self, place: Place, key: KeyName) -> SealedRecord:
        name_key = self._name_key(place)
        record = None if name_key is None else self._store.record(place, record_id(name_key, key))
        if record is None:
            raise SecretNotFound(key=key)
        return record

    def _check_age(self, place: Place, record: SealedRecord) -> None:
        """Refuses as newest what was replaced or deleted before the eyes of this daemon."""
        seen = self._seen.get((place, record.record_id), _NOTHING)
        if record.version < seen.version or (record.version == seen.version and seen.deleted):
            raise StoreOlder

    def _versions(self, place: Place, key: KeyName) -> list[tuple[SealedRecord, int]]:
        name_key = self._name_key(place)
        return [] if name_key is None else self._store.versions(place, record_id(name_key, key))

    def _opened(self, place: Place, key: KeyName, record: SealedRecord) -> Value:
        vault_key = self._vault_key(place)
        if open_head(vault_key, place, record).key != key:
            raise RecordCorrupt
        return open_body(vault_key, place, record)

    def _lines(self, place: Place, records: list[tuple[SealedRecord, int]]) -> list[SecretLine]:
        name_key, vault_key = self._name_key(place), self._vault_key(place)
        lines = []
        for record, deleted_ms in records:
            head = open_head(vault_key, place, record)
            if name_key is None or record_id(name_key, KeyName(head.key)) != record.record_id:
                raise RecordCorrupt
            lines.append(SecretLine(KeyName(head.key), record.version, head.time_ms, head.note, deleted_ms))
        return lines

    def _sealed(self, draft: Draft) -> SealedRecord:
        place, vault_key, name_key = draft.place, self._vault_key(draft.place), self._name_key(draft.place)
        if name_key is None:
            stored = self._store.add_name_key(place, seal_name_key(vault_key, new_key(), place))
            name_key = open_name_key(vault_key, stored, place)
        rid = record_id(name_key, draft.key)
        before, version = self._store.record(place, rid), self._store.newest_version(place, rid) + 1
        if version <= self._seen.get((place, rid), _NOTHING).version:
            raise StoreOlder
        head = RecordHead(
            key=draft.key,
            time_ms=self._clock.now_ms(),
            author=self._workspace.account.account_id,
            note=draft.note,
            parent=before.digest if before is not None else "",
        )
        return seal_record(vault_key, place, (rid, version, 1), head, draft.value)
