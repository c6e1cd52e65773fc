"""A TLS server that answers a request and closes while the body is still on its way."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import ssl
import struct
import termios
import threading
import time

from tests.parts.abrupt import AbruptUpstream, say_the_end

SECONDS = 5.0
TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n"


class RefusingUpstream(AbruptUpstream):
    """Says ``said``, and the closing alert where it is to; then it closes, at once or when the other side has left.

    Args:
        said: The answer, whole or not.
        alert: Whether the closing alert follows.
        reads: How many bytes of the body it takes before.
        lingers: Whether it reads and throws away what still comes. Else the unread body makes the kernel send a reset (RFC 1122,
            4.2.2.13), once the answer has left.

    Attributes:
        may_answer: It answers when this is set, as it is from the beginning.
        closed: Set when a connection has been closed.
    """

    def __init__(self, said: bytes, *, alert: bool = False, reads: int = 0, lingers: bool = False) -> None:
        super().__init__()
        self.may_answer, self.closed = threading.Event(), threading.Event()
        self.may_answer.set()
        self._said, self._alert, self._reads, self._lingers = said, alert, reads, lingers

    def _answer(self, opened: ssl.SSLSocket, query: dict[str, str]) -> None:  # noqa: ARG002  (it answers whatever is asked)
        self.may_answer.wait(SECONDS)
        left = self._reads
        while left > 0:
            left -= len(opened.recv(min(left, 16_384)))
        opened.sendall(self._said)
        if self._alert:
            say_the_end(opened)
        with socket.socket(fileno=os.dup(opened.fileno())) as raw:
            opened.close()
            raw.settimeout(SECONDS)
            if self._lingers:
                _linger(raw)
            else:
                _until_sent(raw)
        self.closed.set()


def _linger(raw: socket.socket) -> None:
    raw.shutdown(socket.SHUT_WR)
    with contextlib.suppress(OSError):  # the other side has left
        while raw.recv(65536):
            pass


def _until_sent(raw: socket.socket) -> None:
    """What has not left would be thrown away with the connection."""
    late = time.monotonic() + SECONDS
    while struct.unpack("i", fcntl.ioctl(raw, termios.TIOCOUTQ, bytes(4)))[0] and time.monotonic() < late:
        time.sleep(0.001)
