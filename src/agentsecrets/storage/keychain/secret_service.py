"""The Secret Service of Linux desktops: GNOME Keyring, KWallet, KeePassXC."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keyring.backend import KeyringBackend
from keyring.backends.SecretService import Keyring

from agentsecrets.errors import KeychainLocked, KeychainMissing
from agentsecrets.storage.keychain.items import Items
from agentsecrets.wire.bus import VARIABLE, is_local
from agentsecrets.wire.unix_peer import user_of

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection
    from secretstorage import Collection, Item


class SecretService(Items):
    """The default collection of whatever serves ``org.freedesktop.secrets`` on the session bus."""

    system = "linux"
    name = "Secret Service"

    def back_end(self) -> KeyringBackend:
        """The library's back end, over a bus of our own user."""
        if sys.platform != self.system:
            raise KeychainMissing(problem=f"{self.name} exists on Linux only")
        if not is_local(os.environ.setdefault(VARIABLE, _usual_bus())):
            raise KeychainMissing(problem="there is no session bus")
        return _Unprompted()  # type: ignore[no-untyped-call]  # the library has no types here


class _Unprompted(Keyring):
    """The library's back end without its questions: who starts a daemon must not make a window ask for a password.

    An agent could start one as often as it likes, and a person gets used to typing.
    """

    def get_preferred_collection(self) -> Collection:
        """The default collection, when it is there and open."""
        import secretstorage

        try:
            bus = secretstorage.dbus_init()
            _check_bus(bus)
            collection = secretstorage.Collection(bus)
        except secretstorage.ItemNotFoundException:
            raise KeychainMissing(problem="the Secret Service has no default collection") from None
        except (secretstorage.SecretServiceNotAvailableException, OSError):
            raise KeychainMissing(problem="the session bus or the Secret Service on it does not answer") from None
        if collection.is_locked():
            raise KeychainLocked(name=SecretService.name)
        return collection

    def unlock(self, item: Item) -> None:
        """An item that is locked by itself stays so."""
        if item.is_locked():
            raise KeychainLocked(name=SecretService.name)


def _usual_bus() -> str:
    """Where systemd has the bus of a user, when the environment names none."""
    path = Path(f"/run/user/{os.geteuid()}/bus")
    return f"unix:path={path}" if path.is_socket() else ""


def _check_bus(bus: DBusConnection) -> None:
    """Refuses a bus that another user serves (a socket in a folder that is open to all may be anybody's), or that keeps no secrets."""
    import secretstorage

    if user_of(bus.sock) != os.geteuid():
        raise KeychainMissing(problem="the session bus belongs to another user")
    if not secretstorage.check_service_availability(bus):
        raise KeychainMissing(problem="nothing on the session bus keeps secrets")


BACK_END = SecretService
"""This keychain."""
