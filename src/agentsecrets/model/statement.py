"""What is signed: the payload of each kind of envelope. ``docs/reference/formats.md`` gives the bytes."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import msgspec

from agentsecrets.errors import FormatUnknown

VERSION = b"\x01"


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of all signed payloads: a version byte, then JSON; the bytes signed are the bytes stored."""

    kind: ClassVar[str] = ""

    def payload(self) -> bytes:
        """The bytes to sign."""
        return VERSION + msgspec.json.encode(self)


AnyStatement = TypeVar("AnyStatement", bound=Statement)
Shape = TypeVar("Shape")


def read_payload(payload: bytes, shape: type[AnyStatement]) -> AnyStatement:
    """Decodes the payload of a verified envelope, strictly.

    Raises:
        FormatUnknown: For another version, unknown or missing fields, or wrong types.
    """
    if payload[:1] != VERSION:
        raise FormatUnknown(kind=shape.kind)
    return read_json(payload[1:], shape, shape.kind)


class Identity(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who a person is: e-mail and both public keys, self-signed."""

    kind = "identity"
    account_id: str
    email: str
    signing: bytes
    sealing: bytes


class DeviceCertificate(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's word that a device key speaks for the account; travels with each device-signed envelope."""

    kind = "device-certificate"
    account_id: str
    device_id: str
    device: bytes
    time_ms: int


class Entry(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The public part of a ledger entry.

    Attributes:
        seq: 0 for the first.
        prev: Hash of the entry before, 64 hexadecimal digits; zeros for the first.
        entry: Kind of entry, e.g. ``allowlist.added``.
        author: Account id of the signer.
        subjects: Ids that the entry speaks of.
        sealed_hash: SHA-256 of the sealed part in hexadecimal.
        grants: The workspace key, sealed to each account named.
    """

    kind = "ledger-entry"
    workspace_id: str
    seq: int
    prev: str
    entry: str
    author: str
    subjects: tuple[str, ...]
    epoch: int
    time_ms: int
    sealed_hash: str
    grants: dict[str, bytes] = {}


class BindingStatement(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The public part of a binding; names and hosts stand in the sealed part.

    Attributes:
        prev: Digest of the binding that it replaces, empty for the first: an old one cannot be played back.
    """

    kind = "binding"
    workspace_id: str
    project_id: str
    binding_id: str
    prev: str
    author: str
    epoch: int
    time_ms: int
    sealed_hash: str


class Protection(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's word that the account is at another level of protection than the one it began with."""

    kind = "protection"
    account_id: str
    protection: str
    time_ms: int


class FolderTrust(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The word that one ``.agentsecrets/project.json`` may choose the project."""

    kind = "folder-trust"
    account_id: str
    path: str
    sha256: str
    time_ms: int


class RevealRequest(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person asks to see one value; it is sealed to ``recipient`` (X25519), a key that lives for one request."""

    kind = "reveal"
    account_id: str
    workspace_id: str
    project_id: str
    environment: str
    key: str
    recipient: bytes
    nonce: str
    time_ms: int


class HandoverRequest(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person lets one command have values; they are sealed to ``recipient`` (X25519), a key that lives for one request.

    Attributes:
        folder: Where the command runs.
        command: Its words, exactly.
        keys: Names of what it gets, sorted.
    """

    kind = "handover"
    account_id: str
    workspace_id: str
    project_id: str
    environment: str
    folder: bytes
    command: tuple[bytes, ...]
    keys: tuple[str, ...]
    recipient: bytes
    nonce: str
    time_ms: int


class RememberedStatement(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The public part of a person's word that a command may have values without being asked; the rest stands in the sealed part."""

    kind = "remembered"
    account_id: str
    workspace_id: str
    remembered_id: str
    time_ms: int
    sealed_hash: str


class DepositOffer(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The key (X25519) that values typed by a person are sealed to, one per daemon start."""

    kind = "deposit-key"
    account_id: str
    public: bytes
    time_ms: int


class Checkpoint(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device's word on the audit log: so many rows, ending in this hash."""

    kind = "checkpoint"
    account_id: str
    index: int
    hash: str
    time_ms: int


def as_json(value: Any) -> bytes:
    """Compact JSON of a struct or of plain values, for sealed parts."""
    return msgspec.json.encode(value)


def read_json(document: bytes, shape: type[Shape], kind: str) -> Shape:
    """Reads JSON of one shape, or refuses it.

    Args:
        document: The JSON.
        shape: What it must be.
        kind: What it is called in the refusal.

    Raises:
        FormatUnknown: For anything that is not JSON of this shape; no part of it is repeated.
    """
    try:
        return msgspec.json.decode(document, type=shape)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError):
        raise FormatUnknown(kind=kind) from None
