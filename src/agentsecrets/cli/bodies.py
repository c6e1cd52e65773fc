"""The body of a call: text, a file, or standard input, sent while the answer may already be coming."""

import _socket
import os
import stat

from agentsecrets.client import quick

BLOCK = 1 << 16
_WHOLE = 1 << 14
"""Up to here head and body fit into the socket's buffer and are sent without waiting, in bytes."""


class Body:
    """Bytes to send.

    Attributes:
        whole: The bytes when they were given on the command line.
        source: Else the descriptor to read them from.
        length: How many there will be, None when only the end tells.
    """

    __slots__ = ("length", "source", "whole")

    def __init__(self, whole: bytes = b"", source: int | None = None, length: int | None = None) -> None:
        self.whole, self.source, self.length = whole, source, length if source is not None else len(whole)

    @property
    def framing(self) -> str:
        """The header field that says how long the body is."""
        return "Transfer-Encoding: chunked" if self.length is None else f"Content-Length: {self.length}"

    def send(self, connection: _socket.socket, head: bytes) -> None:
        """Sends head and body; a long body goes on in a thread of its own while the caller already reads the answer.

        Args:
            connection: To the control socket.
            head: The head of the request.
        """
        if self.source is None and len(head) + len(self.whole) <= _WHOLE:
            quick.send(connection, head + self.whole)
        else:
            import _thread

            _thread.start_new_thread(self._pump, (connection, head))

    def _pump(self, connection: _socket.socket, head: bytes) -> None:
        try:
            connection.sendall(head)
            if self.source is None:
                connection.sendall(self.whole)
            elif not self._copied(self.source, connection):
                connection.shutdown(_socket.SHUT_RDWR)  # an incomplete body must not look like a whole one
        except OSError:
            return  # the daemon wants no more; its answer says why

    def _copied(self, source: int, connection: _socket.socket) -> bool:
        left = self.length
        while block := os.read(source, BLOCK if left is None else min(BLOCK, left)):
            connection.sendall(self._framed(block))
            left = None if left is None else left - len(block)
        if left is None:
            connection.sendall(b"0\r\n\r\n")
        return not left

    def _framed(self, block: bytes) -> bytes:
        return b"%x\r\n%s\r\n" % (len(block), block) if self.length is None else block


def open_body(word: str) -> Body:
    """The body that ``--body`` names: ``@FILE``, ``-`` for standard input, else the text itself.

    Raises:
        BadUsage: When the file cannot be read.
    """
    if word == "-":
        return _of(0)
    if not word.startswith("@"):
        return Body(os.fsencode(word))
    try:
        return _of(os.open(word[1:], os.O_RDONLY | os.O_CLOEXEC))
    except OSError as failure:
        from agentsecrets.errors import BadUsage

        raise BadUsage(problem=f"the body file cannot be read: {failure.strerror}") from None


def _of(source: int) -> Body:
    known = os.fstat(source)
    if not stat.S_ISREG(known.st_mode):
        return Body(source=source)
    return Body(source=source, length=max(0, known.st_size - os.lseek(source, 0, os.SEEK_CUR)))
