"""The recovery key: 128 random bits that open an account when its password is forgotten, written as twelve words."""

from __future__ import annotations

import os

from mnemonic import Mnemonic

from agentsecrets.crypto.sealing import derive
from agentsecrets.errors import WrongRecoveryKey

ENTROPY_BYTES = 16
WORDS = 12


class RecoveryKey:
    """128 bits; strong enough to need no stretching.

    Source: BIP-39 for the words: 11 bits each from a list of 2048, the last four bits of all a checksum.
    """

    __slots__ = ("__entropy",)

    def __init__(self, entropy: bytes) -> None:
        self.__entropy = entropy

    @classmethod
    def generate(cls) -> RecoveryKey:
        """A fresh key."""
        return cls(os.urandom(ENTROPY_BYTES))

    @classmethod
    def read(cls, text: str) -> RecoveryKey:
        """The key that somebody typed; white space and case do not matter.

        Raises:
            WrongRecoveryKey: When these are not twelve words of the list, or one of them is not the right one.
        """
        words = text.lower().split()
        if len(words) != WORDS:
            raise WrongRecoveryKey
        try:
            return cls(bytes(_english().to_entropy(words)))
        except (LookupError, ValueError):
            raise WrongRecoveryKey from None

    @property
    def words(self) -> str:
        """The key as twelve words."""
        return str(_english().to_mnemonic(self.__entropy))

    @property
    def wrap_key(self) -> bytes:
        """The key that seals the person's private keys."""
        return derive(self.__entropy, b"agentsecrets/v1/recovery-wrap")

    def __repr__(self) -> str:
        return "<RecoveryKey>"


def _english() -> Mnemonic:
    return Mnemonic("english")
