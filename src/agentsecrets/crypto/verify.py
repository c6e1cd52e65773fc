"""Checking signatures; nothing here opens anything, so a blind server may use all of it."""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agentsecrets.crypto.envelope import Envelope, hash_of
from agentsecrets.crypto.framing import pae
from agentsecrets.errors import SignatureInvalid
from agentsecrets.model.statement import AnyStatement, DeviceCertificate, Identity, read_payload

_PUBLIC_BYTES = 32


def verify(envelope: Envelope, public: bytes, shape: type[AnyStatement]) -> AnyStatement:
    """Checks one signature and reads the payload.

    Args:
        envelope: What claims to be signed.
        public: The signer's Ed25519 key, 32 bytes.
        shape: The statement that is expected.

    Raises:
        SignatureInvalid: When kind, signature or the hash of the sealed part does not hold.
        FormatUnknown: When the payload is not of that shape.
    """
    if envelope.kind != shape.kind:
        raise SignatureInvalid
    check_signature(public, envelope.signature, pae(envelope.kind, envelope.payload))
    statement = read_payload(envelope.payload, shape)
    if getattr(statement, "sealed_hash", hash_of(b"")) != hash_of(envelope.sealed):
        raise SignatureInvalid
    return statement


def check_signature(public: bytes, signature: bytes, signed: bytes) -> None:
    """Checks an Ed25519 signature (RFC 8032 §5.1.7) over some bytes.

    Raises:
        SignatureInvalid
    """
    if len(public) != _PUBLIC_BYTES:
        raise SignatureInvalid
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        raise SignatureInvalid from None


def verify_by_person(envelope: Envelope, identity: Identity, shape: type[AnyStatement]) -> AnyStatement:
    """Checks an envelope that only the person may sign: a device's signature is refused."""
    if envelope.certificate:
        raise SignatureInvalid
    return _of_account(verify(envelope, identity.signing, shape), identity)


def verify_by_device(envelope: Envelope, identity: Identity, shape: type[AnyStatement]) -> AnyStatement:
    """Checks an envelope that a device signed, and that the person certified that device."""
    certificate = verify_by_person(Envelope.decode(envelope.certificate), identity, DeviceCertificate)
    return _of_account(verify(envelope, certificate.device, shape), identity)


def verify_by_either(envelope: Envelope, identity: Identity, shape: type[AnyStatement]) -> AnyStatement:
    """Checks an envelope that person or device may sign; ``envelope.certificate`` says which it was."""
    return (verify_by_device if envelope.certificate else verify_by_person)(envelope, identity, shape)


def verify_identity(encoded: bytes) -> Identity:
    """Reads a self-signed identity."""
    envelope = Envelope.decode(encoded)
    claimed = read_payload(envelope.payload, Identity)
    if envelope.certificate or len(claimed.sealing) != _PUBLIC_BYTES:
        raise SignatureInvalid
    return verify(envelope, claimed.signing, Identity)


def fingerprint(identity: Identity) -> str:
    """SHA-256 over both public keys, as 8 groups of 8 hexadecimal digits, for two people to compare."""
    digest = hashlib.sha256(identity.signing + identity.sealing).hexdigest()
    return " ".join(digest[at : at + 8] for at in range(0, 64, 8))


def _of_account(statement: AnyStatement, identity: Identity) -> AnyStatement:
    """A statement that names an account names its signer's."""
    if getattr(statement, "account_id", identity.account_id) != identity.account_id:
        raise SignatureInvalid
    return statement
