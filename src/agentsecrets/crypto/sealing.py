"""AES-256-GCM in the one shape that every sealed thing has: version, nonce, ciphertext and tag."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from agentsecrets.errors import RecordCorrupt

VERSION = b"\x01"
KEY_BYTES = 32
NONCE_BYTES = 12


def new_key() -> bytes:
    """A fresh 256-bit key."""
    return os.urandom(KEY_BYTES)


def derive(key: bytes, purpose: bytes) -> bytes:
    """A 256-bit key for one purpose. Source: HKDF-SHA-256, RFC 5869, without salt: the input is already uniform."""
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key)


def seal(key: bytes, plain: bytes, associated: bytes) -> bytes:
    """Seals bytes under a key, bound to associated bytes.

    Source: AES-256-GCM, NIST SP 800-38D, 96-bit random nonce: a key seals far fewer than 2**32 messages.
    """
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, plain, associated)


def unseal(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Opens what ``seal`` sealed.

    Raises:
        RecordCorrupt: When the bytes were altered, belong elsewhere, or are of another version.
    """
    if sealed[:1] != VERSION or len(key) != KEY_BYTES:
        raise RecordCorrupt
    try:
        return AESGCM(key).decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], associated)
    except (InvalidTag, ValueError):
        raise RecordCorrupt from None
