"""The Credential Manager of Windows."""

from __future__ import annotations

import sys

from keyring.backend import KeyringBackend

from agentsecrets.errors import KeychainMissing
from agentsecrets.storage.keychain.items import Items


class WindowsVault(Items):
    """Generic credentials of the user, which stay on this machine."""

    system = "win32"
    name = "Windows Credential Manager"

    def back_end(self) -> KeyringBackend:
        """The library's back end over ``CredRead`` and ``CredWrite``."""
        if sys.platform != self.system:
            raise KeychainMissing(problem=f"{self.name} exists on Windows only")
        from keyring.backends.Windows import WinVaultKeyring

        credentials = WinVaultKeyring()  # type: ignore[no-untyped-call]  # the library has no types here
        credentials.persist = "local machine"  # the library's default travels with a roaming profile
        return credentials


BACK_END = WindowsVault
"""This keychain."""
