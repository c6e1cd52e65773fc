"""The quick half of the client: one request on the control socket, for programs that must start at once.

Only ``os`` and ``_socket`` are loaded here while nothing is unusual.
"""

import _socket
import os

from agentsecrets.wire import service
from agentsecrets.wire.home import own_home

MEDIA_TYPE = "application/vnd.agentsecrets.frames"
STDOUT, STDERR, CONSENT, FAILURE, EXIT = b"o", b"e", b"p", b"f", b"x"
"""Kinds of frames, as in ``wire.frames``, which this path does not load."""

BLOCK = 1 << 16
_LONGEST_NAME = 100
"""Longest path of a Unix socket that every system takes, in bytes."""
_HEAD_LIMIT = 1 << 16
_SHORTEST_WAIT = 0.001
"""Zero would mean not to wait at all, which is told as another failure, in seconds."""


def home_folder() -> str:
    """The state folder of a command: the service's, ``AGENTSECRETS_HOME``, or this user's own.

    Raises:
        NoHome, ServiceBroken
        ServiceOnly: When another folder is asked for on a machine whose vault the service holds.
    """
    chosen, found = os.environ.get("AGENTSECRETS_HOME", ""), service.installed()
    if found:
        if chosen and chosen != found.home:
            from agentsecrets.errors import ServiceOnly

            raise ServiceOnly
        return found.home
    return os.path.abspath(chosen) if chosen else own_home()  # noqa: PTH100  (pathlib is not loaded on this path)


def connect(home: str) -> _socket.socket | None:
    """A connection to the control socket of a home, None when nobody answers there.

    Raises:
        ForeignService: When it is the service's, and another user answers.
    """
    path, folder = f"{home}/run/control.sock", -1
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        if len(os.fsencode(path)) > _LONGEST_NAME:
            folder = os.open(f"{home}/run", os.O_PATH | os.O_DIRECTORY)
            path = f"/proc/self/fd/{folder}/control.sock"
        connection.connect(path)
    except OSError:
        connection.close()
        return None
    finally:
        if folder >= 0:
            os.close(folder)
    if home == service.SHARED:
        service.check_peer(connection)
    return connection


def send(connection: _socket.socket, octets: bytes) -> None:
    """Sends a request; when the daemon does not take it, what it answered is still there to be read."""
    try:  # noqa: SIM105  (contextlib is not loaded on this path)
        connection.sendall(octets)
    except (BrokenPipeError, ConnectionResetError):
        pass


class Answer:
    """What came back, its head read.

    Attributes:
        status: Status of the answer itself.
        framed: Whether its body is frames; else it is one JSON document.
        body: Its body, still to be read.
    """

    __slots__ = ("_connection", "body", "framed", "status")

    def __init__(self, connection: _socket.socket) -> None:
        """Waits for the head.

        Raises:
            EOFError, ValueError, IndexError: When what comes is not the head of an answer.
        """
        self._connection = connection
        head, rest = _read_head(connection)
        lowered = head.lower()
        self.status = int(head.split(b" ", 2)[1])
        self.framed = MEDIA_TYPE.encode() in lowered
        self.body = Octets(connection, rest, chunked=b"\r\ntransfer-encoding: chunked" in lowered)

    def wait_at_most(self, seconds: float) -> None:
        """From now on, what is read ends with TimeoutError when nothing comes for so long."""
        self._connection.settimeout(max(seconds, _SHORTEST_WAIT))

    def frame(self) -> tuple[bytes, bytes]:
        """The next frame: its kind and its content.

        Raises:
            EOFError: When the daemon breaks off.
        """
        prefix = self.body.take(5)
        return prefix[:1], self.body.take(int.from_bytes(prefix[1:], "big"))


def write_all(descriptor: int, content: bytes) -> None:
    """Writes everything, also to a descriptor that does not wait."""
    rest = memoryview(content)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            import select

            select.select((), (descriptor,), ())


def _read_head(connection: _socket.socket) -> tuple[bytes, bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        block = connection.recv(BLOCK)
        if not block or len(received) > _HEAD_LIMIT:
            raise EOFError
        received += block
    head, _, rest = received.partition(b"\r\n\r\n")
    return head, rest


class Octets:
    """The body of an answer, its transfer coding taken off.

    A frame is never larger than 1 MiB, so what is held here is bounded too.
    """

    __slots__ = ("_chunked", "_connection", "_left", "_raw")

    def __init__(self, connection: _socket.socket, received: bytes, *, chunked: bool) -> None:
        self._connection, self._raw, self._chunked, self._left = connection, received, chunked, 0

    def take(self, count: int) -> bytes:
        """Exactly so many bytes."""
        parts = []
        while count:
            part = self._some(count)
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def rest(self) -> bytes:
        """Everything up to the end."""
        parts = []
        while part := self._some(BLOCK):
            parts.append(part)
        return b"".join(parts)

    def _some(self, count: int) -> bytes:
        if self._chunked:
            if self._left == 0:
                self._left = int(self._line(), 16)
                if self._left == 0:
                    return b""
            count = min(count, self._left)
        if not self._raw:
            self._raw = self._connection.recv(BLOCK)
        part, self._raw = self._raw[:count], self._raw[count:]
        if self._chunked:
            self._left -= len(part)
            if self._left == 0 and part:
                self._line()
        return part

    def _line(self) -> bytes:
        while b"\r\n" not in self._raw:
            block = self._connection.recv(BLOCK)
            if not block:
                raise EOFError
            self._raw += block
        line, _, self._raw = self._raw.partition(b"\r\n")
        return line
