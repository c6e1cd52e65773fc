"""The login keychain of macOS."""

from __future__ import annotations

import sys

from keyring.backend import KeyringBackend

from agentsecrets.errors import KeychainMissing
from agentsecrets.storage.keychain.items import Items


class MacKeychain(Items):
    """Generic passwords of the login keychain; macOS lets the program that made an item read it without a question."""

    system = "darwin"
    name = "macOS Keychain"

    def back_end(self) -> KeyringBackend:
        """The library's back end over the Security framework."""
        if sys.platform != self.system:
            raise KeychainMissing(problem=f"{self.name} exists on macOS only")
        from keyring.backends.macOS import Keyring

        return Keyring()  # type: ignore[no-untyped-call]  # the library has no types here


BACK_END = MacKeychain
"""This keychain."""
