"""Items of one key each, in a back end of the library ``keyring``."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringError, KeyringLocked, NoKeyringError, PasswordDeleteError

from agentsecrets.crypto.levels import read_item, written_item
from agentsecrets.errors import AgentSecretsError, KeychainLocked, KeychainMissing, KeychainRefused

SERVICE = "agentsecrets"
"""Under which service a keychain files our items."""


class Items(ABC):
    """``ports.Keychain`` over one back end of the library.

    Attributes:
        system: The operating system that has this keychain, as ``sys.platform`` calls it.
        name: The keychain, as its person knows it.
    """

    system: ClassVar[str]
    name: str

    @abstractmethod
    def back_end(self) -> KeyringBackend:
        """The library's back end, ready for use.

        Raises:
            KeychainMissing: When this machine does not have it.
        """

    def check(self) -> str:
        """Its name; raises unless it could be used now. It is not asked to open itself."""
        with self._conversation() as back_end:
            back_end.get_password(SERVICE, "none")
        return self.name

    def read(self, item: str) -> bytes | None:
        """The key in an item, None when there is no such item."""
        with self._conversation() as back_end:
            text = back_end.get_password(SERVICE, item)
        return None if text is None else read_item(text)

    def write(self, item: str, key: bytes) -> None:
        """Makes or replaces an item."""
        with self._conversation() as back_end:
            back_end.set_password(SERVICE, item, written_item(key))

    def delete(self, item: str) -> None:
        """Removes an item, if there is one."""
        with self._conversation() as back_end:
            with contextlib.suppress(PasswordDeleteError):  # also when there is none
                back_end.delete_password(SERVICE, item)
            if back_end.get_password(SERVICE, item) is not None:
                raise KeychainRefused(name=self.name, problem="it keeps an item that was to be removed")

    @contextlib.contextmanager
    def _conversation(self) -> Iterator[KeyringBackend]:
        """The library's complaints in our words; its own texts may name anything, and stay here."""
        try:
            yield self.back_end()
        except AgentSecretsError:
            raise
        except KeyringLocked:
            raise KeychainLocked(name=self.name) from None
        except (InitError, NoKeyringError):
            raise KeychainMissing(problem=f"{self.name} cannot be reached") from None
        except KeyringError:
            raise KeychainRefused(name=self.name, problem="it reports an error") from None
        except Exception:  # noqa: BLE001  (what drivers of keychains raise is not written down anywhere)
            raise KeychainRefused(name=self.name, problem="the conversation with it broke off") from None
