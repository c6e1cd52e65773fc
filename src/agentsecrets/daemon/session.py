"""The session token of a running proxy."""

from __future__ import annotations

import contextlib

from agentsecrets.storage.files import write_atomically
from agentsecrets.storage.paths import Home
from agentsecrets.wire.session import Session, new_token


class SessionToken:
    """Made anew at every start; lies in ``session.json``, for the same user only, while the daemon runs."""

    def __init__(self, home: Home, port: int) -> None:
        self._home, self._port = home, port
        self.current = self.rotate()

    @property
    def port(self) -> int:
        """Where the proxy listens."""
        return self._port

    def rotate(self) -> Session:
        """Replaces the token: the old one is refused from now on."""
        fresh = Session(token=new_token(), port=self._port)
        write_atomically(self._home.session_file, fresh.encode())
        self.current = fresh
        return fresh

    def matches(self, shown: bytes) -> bool:
        """Compares in constant time."""
        return self.current.admits(shown)

    @staticmethod
    def forget(home: Home) -> None:
        """Removes what a killed daemon has left: its token must not be shown to whoever listens at its port now."""
        with contextlib.suppress(OSError):
            for left in (home.session_file, *home.root.glob(f".{home.session_file.name}.*")):
                left.unlink(missing_ok=True)

    def remove(self) -> None:
        """Removes the file: there is nothing to enter any more."""
        with contextlib.suppress(OSError):
            self._home.session_file.unlink()
