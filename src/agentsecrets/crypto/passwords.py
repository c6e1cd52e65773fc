"""From a password to keys, and whether a password is worth it."""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from agentsecrets.crypto.framing import frame
from agentsecrets.crypto.sealing import KEY_BYTES, derive
from agentsecrets.errors import FormatUnknown

SALT_BYTES = 16
TIME_COST = 3
MEMORY_KIB = 64 * 1024
LANES = 4
FLOOR = (TIME_COST, MEMORY_KIB, LANES)
CEILING = (64, 4 * 1024 * 1024, 64)
"""Passes, KiB and lanes: what is stored beside an account could have been written by someone else."""

_STRONG = 3
_ESTIMATED_LENGTH = 72


class KdfParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of the stretching, stored beside what it protects.

    Attributes:
        salt: 16 random bytes.
        time_cost: Passes, 3 to 64.
        memory_kib: Memory in KiB, 65,536 to 4,194,304.
        lanes: Parallelism, 4 to 64.

    Source: Argon2id, RFC 9106 §4, second recommended option (t=3, p=4, m=64 MiB, 128-bit salt).
    """

    salt: bytes
    time_cost: int = TIME_COST
    memory_kib: int = MEMORY_KIB
    lanes: int = LANES

    def encoded(self) -> bytes:
        """The parameters as bytes, for associated data."""
        return frame(self.salt, *(number.to_bytes(4, "big") for number in (self.time_cost, self.memory_kib, self.lanes)))


class Root:
    """What a password stretches to; two keys come out of it, one for a server and one that never leaves."""

    __slots__ = ("__root",)

    def __init__(self, root: bytes) -> None:
        self.__root = root

    @property
    def wrap_key(self) -> bytes:
        """The key that seals the person's private keys."""
        return derive(self.__root, b"agentsecrets/v1/wrap")

    def __repr__(self) -> str:
        return "<Root>"


def encoded(password: str) -> bytes:
    """The bytes of a password: whatever a terminal can give, also what is no text."""
    return password.encode("utf-8", "surrogateescape")


def new_params() -> KdfParams:
    """Parameters with a fresh salt."""
    return KdfParams(salt=os.urandom(SALT_BYTES))


def stretch(password: bytes, params: KdfParams) -> Root:
    """Stretches a password; takes about a tenth of a second and 64 MiB.

    Raises:
        FormatUnknown: For parameters below the floor, where a password could be guessed, or so high that nobody would wait for them.
    """
    asked = (params.time_cost, params.memory_kib, params.lanes)
    in_bounds = all(low <= number <= high for low, number, high in zip(FLOOR, asked, CEILING, strict=True))
    if len(params.salt) != SALT_BYTES or not in_bounds:
        raise FormatUnknown(kind="set of password parameters")
    kdf = Argon2id(salt=params.salt, length=KEY_BYTES, iterations=params.time_cost, lanes=params.lanes, memory_cost=params.memory_kib)
    return Root(kdf.derive(password))


def is_strong(password: str, words: Sequence[str] = ()) -> bool:
    """Whether an estimator gives a password at least 3 of 4.

    Args:
        password: Only its first 72 characters are looked at: the estimator takes quadratic time.
        words: What an attacker knows, such as the e-mail.

    Source: zxcvbn, Wheeler, USENIX Security 2016: 3 is 10**8 to 10**10 guesses.
    """
    import zxcvbn

    return bool(password) and bool(zxcvbn.zxcvbn(password[:_ESTIMATED_LENGTH], user_inputs=list(words))["score"] >= _STRONG)
