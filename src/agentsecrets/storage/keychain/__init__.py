"""The keychains of operating systems, one file for each: chosen here by the system's name, and constructed directly.

The library's own discovery is never asked: it follows ``PYTHON_KEYRING_BACKEND``, ``keyringrc.cfg`` and whatever is installed, and so could
end at a file in plain text.
"""

from __future__ import annotations

import sys

from agentsecrets.errors import KeychainMissing
from agentsecrets.ports import Keychain
from agentsecrets.storage.keychain import macos, secret_service, windows
from agentsecrets.storage.keychain.items import Items

BACK_ENDS: tuple[type[Items], ...] = (secret_service.BACK_END, macos.BACK_END, windows.BACK_END)
"""All keychains that may hold a key."""


def keychain_of(system: str = sys.platform) -> Keychain:
    """The keychain of an operating system.

    Args:
        system: As ``sys.platform`` calls it.

    Raises:
        KeychainMissing: When that system has none that is known here.
    """
    for back_end in BACK_ENDS:
        if system == back_end.system:
            return back_end()
    raise KeychainMissing(problem="none is known for this system")
