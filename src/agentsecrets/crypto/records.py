"""Sealed records: one version of one secret, its head and its body sealed apart."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

import msgspec

from agentsecrets.crypto.framing import frame
from agentsecrets.crypto.sealing import seal, unseal
from agentsecrets.crypto.value import Value
from agentsecrets.errors import FormatUnknown, RecordCorrupt
from agentsecrets.model.place import Place
from agentsecrets.model.secret import KeyName
from agentsecrets.model.statement import as_json, read_json

PADDING = 64
"""A body's length is rounded up to a multiple of this, so that ciphertext tells little of the value's length."""


class RecordHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be listed without opening the value.

    Attributes:
        key: The key name.
        time_ms: When this version was made.
        author: Account id of who made it.
        note: Free text.
        parent: SHA-256 of the version before in hexadecimal, empty for the first.
    """

    key: str
    time_ms: int
    author: str
    note: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """One version of one secret as it lies in a vault, here or on a server.

    Attributes:
        record_id: HMAC-SHA-256 of the key name under the vault's name key, hexadecimal.
        version: 1 for the first.
        epoch: Number of the workspace key.
        head: Sealed head.
        body: Sealed, padded value.
    """

    record_id: str
    version: int
    epoch: int
    head: bytes
    body: bytes

    @property
    def digest(self) -> str:
        """SHA-256 over all parts, hexadecimal."""
        return hashlib.sha256(frame(self.record_id.encode(), _number(self.version), _number(self.epoch), self.head, self.body)).hexdigest()


def record_id(name_key: bytes, key: KeyName) -> str:
    """The id of a secret in its vault, from which the name cannot be told."""
    return hmac.new(name_key, key.encode(), hashlib.sha256).hexdigest()


def seal_name_key(vault_key: bytes, name_key: bytes, place: Place) -> bytes:
    """Seals a vault's random name key."""
    return seal(vault_key, name_key, frame(b"name-key", *_of_place(place)))


def open_name_key(vault_key: bytes, sealed: bytes, place: Place) -> bytes:
    """Opens a vault's name key."""
    return unseal(vault_key, sealed, frame(b"name-key", *_of_place(place)))


def seal_record(vault_key: bytes, place: Place, identity: tuple[str, int, int], head: RecordHead, value: Value) -> SealedRecord:
    """Seals one version.

    Args:
        vault_key: Key of the vault, 32 bytes.
        place: The vault.
        identity: Record id, version, epoch.
        head: What may be listed.
        value: 1 to 65,536 bytes.
    """
    rid, version, epoch = identity
    return SealedRecord(
        rid,
        version,
        epoch,
        seal(vault_key, as_json(head), _associated(place, identity, b"head")),
        seal(vault_key, _pad(value.reveal()), _associated(place, identity, b"body")),
    )


def open_head(vault_key: bytes, place: Place, record: SealedRecord) -> RecordHead:
    """Opens a record's head, never its value.

    Raises:
        RecordCorrupt: When it was altered, swapped, or moved from another place.
    """
    plain = unseal(vault_key, record.head, _associated(place, (record.record_id, record.version, record.epoch), b"head"))
    try:
        return read_json(plain, RecordHead, "record")
    except FormatUnknown:
        raise RecordCorrupt from None


def open_body(vault_key: bytes, place: Place, record: SealedRecord) -> Value:
    """Opens a record's value.

    Raises:
        RecordCorrupt: When it was altered, swapped, or moved from another place.
    """
    return Value(_unpad(unseal(vault_key, record.body, _associated(place, (record.record_id, record.version, record.epoch), b"body"))))


def _associated(place: Place, identity: tuple[str, int, int], part: bytes) -> bytes:
    rid, version, epoch = identity
    return frame(b"record", *_of_place(place), rid.encode(), _number(version), _number(epoch), part)


def _of_place(place: Place) -> tuple[bytes, bytes, bytes]:
    return place.workspace_id.encode(), place.project_id.encode(), place.environment.encode()


def _number(number: int) -> bytes:
    return number.to_bytes(8, "big")


def _pad(raw: bytes) -> bytes:
    led = len(raw).to_bytes(4, "big") + raw
    return led + bytes(-len(led) % PADDING)


def _unpad(padded: bytes) -> bytes:
    length = int.from_bytes(padded[:4], "big")
    if len(padded) != 4 + length + (-(4 + length) % PADDING) or any(padded[4 + length :]):
        raise RecordCorrupt
    return padded[4 : 4 + length]
