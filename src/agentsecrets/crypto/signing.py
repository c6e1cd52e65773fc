"""Making signatures."""

from __future__ import annotations

import os

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.framing import pae
from agentsecrets.model.statement import Statement

SEED_BYTES = 32


class SigningKey:
    """An Ed25519 private key (RFC 8032), made from a 32-byte seed."""

    __slots__ = ("__key", "__seed", "certificate", "public")

    def __init__(self, seed: bytes, certificate: bytes = b"") -> None:
        self.__seed = seed
        self.__key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self.__key.public_key().public_bytes_raw()
        self.certificate = certificate

    @classmethod
    def generate(cls) -> SigningKey:
        """A fresh key."""
        return cls(os.urandom(SEED_BYTES))

    def sign(self, statement: Statement, sealed: bytes = b"") -> Envelope:
        """Signs a statement; a device key adds its certificate."""
        payload = statement.payload()
        signature = self.__key.sign(pae(statement.kind, payload))
        return Envelope(statement.kind, payload, sealed, signature, self.certificate)

    def seed(self) -> bytes:
        """The private bytes, for sealing and for the pipe to the daemon only."""
        return self.__seed

    def __repr__(self) -> str:
        return "<SigningKey>"
