"""One tool call under way: how it is told apart, and how it is stopped."""

from __future__ import annotations

import _socket
import _thread


class Stopped(Exception):
    """The client has cancelled the call; nothing is answered."""


class Task:
    """One tool call.

    Attributes:
        client: What the client calls itself.
        stopped: Whether it was cancelled.
        done: Held until its answer is written.
    """

    __slots__ = ("_connection", "_turn", "client", "done", "stopped")

    def __init__(self, client: str) -> None:
        self.client, self.stopped = client, False
        self._connection: _socket.socket | None = None
        self._turn, self.done = _thread.allocate_lock(), _thread.allocate_lock()
        self.done.acquire()

    def hold(self, connection: _socket.socket) -> None:
        """Remembers the connection that is to be cut when the call is cancelled.

        Raises:
            Stopped: When it is cancelled already.
        """
        with self._turn:
            self._connection = connection
            if self.stopped:
                raise Stopped

    def release(self) -> None:
        """Closes the connection."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def stop(self) -> None:
        """Cancels it: its connection is cut, by which the daemon learns of it."""
        with self._turn:
            self.stopped = True
            if self._connection is not None:
                try:  # noqa: SIM105  (contextlib is not loaded on this path)
                    self._connection.shutdown(_socket.SHUT_RDWR)
                except OSError:
                    pass
