"""A sealed box, built from its parts in plain Python, so that the shared secret in it can be a given one.

Source: libsodium's ``crypto_box_seal`` (nonce = BLAKE2b-192 of both public keys) over ``crypto_box`` (key = HSalsa20 of the shared secret);
HSalsa20 is in section 5 of Bernstein, "Extending the Salsa20 nonce", 2011.
"""

from __future__ import annotations

import hashlib
import struct

from nacl.bindings import crypto_secretbox

_SIGMA = struct.unpack("<4I", b"expand 32-byte k")
_COLUMNS = ((0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11))
_ROWS = ((0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14))


def box(shared: bytes, ephemeral_public: bytes, public: bytes, plain: bytes) -> bytes:
    """The sealed box whose X25519 shared secret is ``shared``."""
    nonce = hashlib.blake2b(ephemeral_public + public, digest_size=24).digest()
    return ephemeral_public + crypto_secretbox(plain, nonce, hsalsa20(shared, bytes(16)))


def hsalsa20(key: bytes, block: bytes) -> bytes:
    """256 bits of key out of 256 bits of key and a block of 128 bits."""
    k, n = struct.unpack("<8I", key), struct.unpack("<4I", block)
    x = [_SIGMA[0], *k[:4], _SIGMA[1], *n, _SIGMA[2], *k[4:], _SIGMA[3]]
    for _ in range(10):
        for quarter in (*_COLUMNS, *_ROWS):
            _quarter_round(x, *quarter)
    return struct.pack("<8I", x[0], x[5], x[10], x[15], x[6], x[7], x[8], x[9])


def _quarter_round(x: list[int], a: int, b: int, c: int, d: int) -> None:
    for into, one, other, shift in ((b, a, d, 7), (c, b, a, 9), (d, c, b, 13), (a, d, c, 18)):
        total = (x[one] + x[other]) & 0xFFFFFFFF
        x[into] ^= (total << shift | total >> (32 - shift)) & 0xFFFFFFFF
