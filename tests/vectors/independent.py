"""A second reading of docs/reference/formats.md: records, envelopes, ledger and log, by the standard library, AES and Ed25519 alone.

It shares no line with the project's own code. If it stops agreeing with the frozen bytes, the document and the code have come apart.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Broken(Exception):
    """It is not what the document says."""


class Envelope(NamedTuple):
    """The five fields of an envelope, and the members of its payload."""

    kind: str
    payload: bytes
    sealed: bytes
    signature: bytes
    certificate: bytes
    members: dict[str, Any]

    @property
    def digest(self) -> str:
        return hashlib.sha256(frame(self.kind.encode(), self.payload, self.signature)).hexdigest()


def frame(*fields: bytes) -> bytes:
    return b"".join(u32(len(field)) + field for field in fields)


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def split(framed: bytes, count: int) -> list[bytes]:
    fields = []
    for _ in range(count):
        length = int.from_bytes(framed[:4], "big")
        if len(framed) < 4 + length:
            raise Broken
        fields.append(framed[4 : 4 + length])
        framed = framed[4 + length :]
    if framed:
        raise Broken
    return fields


def derive(key: bytes, purpose: bytes) -> bytes:
    """RFC 5869 by hand: extract with a salt of zeros, then the first block of expand."""
    extracted = hmac.new(bytes(32), key, hashlib.sha256).digest()
    return hmac.new(extracted, purpose + b"\x01", hashlib.sha256).digest()


def unseal(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    if sealed[:1] != b"\x01":
        raise Broken
    try:
        return AESGCM(key).decrypt(sealed[1:13], sealed[13:], associated)
    except (InvalidTag, ValueError):
        raise Broken from None


def pae(kind: str, payload: bytes) -> bytes:
    media_type = f"application/vnd.agentsecrets.{kind}.v1"
    return f"DSSEv1 {len(media_type)} {media_type} {len(payload)} ".encode() + payload


def read_envelope(encoded: bytes) -> Envelope:
    if encoded[:1] != b"\x01":
        raise Broken
    kind, payload, sealed, signature, certificate = split(encoded[1:], 5)
    if payload[:1] != b"\x01":
        raise Broken
    return Envelope(kind.decode(), payload, sealed, signature, certificate, json.loads(payload[1:]))


def check_envelope(encoded: bytes, kind: str, identity: Mapping[str, Any]) -> Envelope:
    """Follows the signature to the person: straight, or over the certificate of a device."""
    envelope = read_envelope(encoded)
    signer = base64.b64decode(identity["signing"])
    if envelope.certificate:
        certificate = check_envelope(envelope.certificate, "device-certificate", identity)
        if certificate.certificate or certificate.members["account_id"] != identity["account_id"]:
            raise Broken
        signer = base64.b64decode(certificate.members["device"])
    try:
        Ed25519PublicKey.from_public_bytes(signer).verify(envelope.signature, pae(kind, envelope.payload))
    except InvalidSignature:
        raise Broken from None
    sealed_hash = envelope.members.get("sealed_hash", hashlib.sha256(b"").hexdigest())
    if envelope.kind != kind or hashlib.sha256(envelope.sealed).hexdigest() != sealed_hash:
        raise Broken
    return envelope


def read_identity(encoded: bytes) -> dict[str, Any]:
    members = read_envelope(encoded).members
    return check_envelope(encoded, "identity", members).members


def read_ledger(entries: Iterable[bytes], identity: Mapping[str, Any], ledger_key: bytes) -> list[tuple[str, dict[str, Any]]]:
    """Kind and opened sealed part of each entry, in order."""
    told, before, time = [], "0" * 64, 0
    for seq, encoded in enumerate(entries):
        entry = check_envelope(encoded, "ledger-entry", identity)
        public = entry.members
        if (public["seq"], public["prev"]) != (seq, before) or public["time_ms"] < time:
            raise Broken
        before, time = entry.digest, public["time_ms"]
        associated = frame(b"ledger", public["workspace_id"].encode(), u64(seq), public["entry"].encode())
        told.append((public["entry"], json.loads(unseal(ledger_key, entry.sealed, associated))))
    return told


def read_record(vault_key: bytes, place: tuple[str, str, str], record: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Head and value of one version."""

    def opened(part: str) -> bytes:
        where = [text.encode() for text in (*place, record["record_id"])]
        associated = frame(b"record", *where, u64(record["version"]), u64(record["epoch"]), part.encode())
        return unseal(vault_key, record[part], associated)

    padded = opened("body")
    length = int.from_bytes(padded[:4], "big")
    if len(padded) % 64 or len(padded) - 4 - length not in range(64) or any(padded[4 + length :]):
        raise Broken
    return json.loads(opened("head")), padded[4 : 4 + length]


def record_digest(record: Mapping[str, Any]) -> str:
    parts = frame(record["record_id"].encode(), u64(record["version"]), u64(record["epoch"]), record["head"], record["body"])
    return hashlib.sha256(parts).hexdigest()


def first_bad_row(rows: list[Mapping[str, Any]], checkpoints: Iterable[bytes], identity: Mapping[str, Any]) -> int | None:
    """Walks the log's chain and holds it against what the device signed."""
    anchors = {}
    for encoded in checkpoints:
        word = check_envelope(encoded, "checkpoint", identity).members
        anchors[word["index"]] = word["hash"]
    before = bytes(32)
    for index, row in enumerate(rows):
        try:
            event = json.loads(row["payload"][1:])
        except ValueError:
            return index
        before = hashlib.sha256(frame(before, row["payload"])).digest()
        in_place = row["index"] == index and row["hash"] == before and row["payload"][:1] == b"\x01"
        shown = (row["id"], row["phase"]) == (event["id"], event["phase"])
        if not in_place or not shown or anchors.get(index, before.hex()) != before.hex():
            return index
    return len(rows) if any(index >= len(rows) for index in anchors) else None
