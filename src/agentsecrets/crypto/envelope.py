"""The one shape of everything that is signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from agentsecrets.crypto.framing import frame, unframe
from agentsecrets.errors import FormatUnknown

_VERSION = b"\x01"
_FIELDS = 5


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload, what is sealed beside it, and a signature over the payload.

    Attributes:
        kind: Names the payload's type in the signature.
        payload: Version byte and JSON, exactly as signed.
        sealed: Ciphertext whose SHA-256 stands in the payload; empty when there is none.
        signature: Ed25519 over the pre-authentication encoding, 64 bytes.
        certificate: Encoded device certificate, empty when a person signed.
    """

    kind: str
    payload: bytes
    sealed: bytes
    signature: bytes
    certificate: bytes = b""

    def encode(self) -> bytes:
        """The envelope as bytes."""
        return _VERSION + frame(self.kind.encode(), self.payload, self.sealed, self.signature, self.certificate)

    @classmethod
    def decode(cls, encoded: bytes) -> Envelope:
        """Reads an envelope; nothing in it is verified yet.

        Raises:
            FormatUnknown: For anything that ``encode`` did not write.
        """
        if encoded[:1] != _VERSION:
            raise FormatUnknown(kind="envelope")
        kind, payload, sealed, signature, certificate = unframe(encoded[1:], _FIELDS, "envelope")
        if not kind.isascii():
            raise FormatUnknown(kind="envelope")
        return cls(kind.decode(), payload, sealed, signature, certificate)

    @property
    def digest(self) -> str:
        """SHA-256 of kind, payload and signature in hexadecimal: what the next entry of a chain names."""
        return hashlib.sha256(frame(self.kind.encode(), self.payload, self.signature)).hexdigest()


def hash_of(sealed: bytes) -> str:
    """SHA-256 of a sealed part, in hexadecimal."""
    return hashlib.sha256(sealed).hexdigest()
