"""Sealing to a public key: grants, deposits, reveals."""

from __future__ import annotations

import os

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from agentsecrets.errors import FormatUnknown, RecordCorrupt


class SealingKey:
    """An X25519 private key that sealed boxes are opened with.

    Source: libsodium sealed boxes (X25519, XSalsa20-Poly1305, BLAKE2b nonce), through PyNaCl.
    """

    __slots__ = ("__key", "public")

    def __init__(self, seed: bytes) -> None:
        self.__key = PrivateKey(seed)
        self.public = bytes(self.__key.public_key)

    @classmethod
    def generate(cls) -> SealingKey:
        """A fresh key."""
        return cls(os.urandom(32))

    def open(self, sealed: bytes) -> bytes:
        """Opens a box that was sealed to this key.

        Raises:
            RecordCorrupt: When it was altered or sealed to another key.
        """
        try:
            return SealedBox(self.__key).decrypt(sealed)
        except (CryptoError, ValueError, TypeError):
            raise RecordCorrupt from None

    def seed(self) -> bytes:
        """The private bytes, for sealing and for the pipe to the daemon only."""
        return bytes(self.__key)

    def __repr__(self) -> str:
        return "<SealingKey>"


def seal_to(public: bytes, plain: bytes) -> bytes:
    """Seals bytes so that only the holder of the private half opens them; the sender stays anonymous.

    Raises:
        FormatUnknown: When it is no public key, or one under which everybody could open the box (RFC 7748 §6.1).
    """
    try:
        return bytes(SealedBox(PublicKey(public)).encrypt(plain))
    except (CryptoError, ValueError, TypeError):
        raise FormatUnknown(kind="public key") from None
