"""The quick path of ``call`` and ``status``: one request on the control socket, and a copy of the frames that come back.

Only ``sys``, ``os`` and ``_socket`` are loaded here while nothing is unusual; everything else answers None and is done by the library.
"""

import _socket
import os

from agentsecrets.cli import calls, flags

STDOUT, STDERR, CONSENT, EXIT = b"o", b"e", b"p", b"x"
"""Kinds of frames, as in ``wire.frames``, which this path does not load."""
MEDIA_TYPE = "application/vnd.agentsecrets.frames"

BLOCK = 1 << 16
_LONGEST_NAME = 100
"""Longest path of a Unix socket that every system takes, in bytes."""
_HEAD_LIMIT = 1 << 16
_OTHER_VERSION = b'"error":"other_version"'
"""A refusal that the library answers with a fresh daemon; nothing was done yet."""


class Ending:
    """How a conversation ended.

    Attributes:
        code: The exit code that the daemon gave, None when there is one of the others.
        consent: What a person is asked to allow, as JSON.
        refusal: The failure, as JSON, of an answer that is no stream of frames.
    """

    __slots__ = ("code", "consent", "refusal")

    def __init__(self, code: int | None = None, consent: bytes = b"", refusal: bytes = b"") -> None:
        self.code, self.consent, self.refusal = code, consent, refusal


def run(words: list[str]) -> int | None:
    """Does ``call`` or ``status`` when nothing is unusual.

    Args:
        words: The command line without the program's name; the first word is the command.

    Returns:
        The exit code, or None when the library has to look at it; nothing was done then.

    Raises:
        AgentSecretsError: For flags that cannot be meant, and whatever the daemon refused before its first frame.
    """
    given = flags.parse(words[1:], flags.CALL if words[0] == "call" else flags.STATUS)
    if given is None:
        return None
    connection = connect(home_folder())
    if connection is None:
        return None
    ending = call(connection, given, asks=os.isatty(0)) if words[0] == "call" else status(connection, given)
    return None if ending.consent or _OTHER_VERSION in ending.refusal else settled(ending)


def status(connection: _socket.socket, given: flags.Given) -> Ending:
    """Asks how the daemon stands and copies what it says.

    Args:
        connection: To the control socket; it is closed.
        given: The values of the flags of ``status``.
    """
    try:
        send(connection, calls.render("/v1/status/shown", calls.place_fields(given), "Content-Length: 0"))
        return copy_frames(connection, asks=False)
    finally:
        connection.close()


def call(connection: _socket.socket, given: flags.Given, *, asks: bool) -> Ending:
    """Makes one call and copies its answer.

    Args:
        connection: To the control socket; it is closed.
        given: The values of the flags of ``call``.
        asks: Whether there is a person whose consent can be asked; the ending says what for.
    """
    fields, words = calls.call_fields(given), given.get("--body")
    try:
        if words is None:
            send(connection, calls.render("/v1/call", fields, "Content-Length: 0"))
        else:
            from agentsecrets.cli.bodies import open_body

            body = open_body(words[-1])
            body.send(connection, calls.render("/v1/call", fields, body.framing))
        return copy_frames(connection, asks=asks)
    finally:
        connection.close()


def settled(ending: Ending) -> int:
    """The exit code of a conversation.

    Raises:
        AgentSecretsError: What the daemon refused before its first frame.
    """
    if ending.code is None:
        from agentsecrets.wire.failures import from_json

        raise from_json(ending.refusal)
    return ending.code


def home_folder() -> str:
    """The state folder, as ``wire.home`` names it."""
    chosen = os.environ.get("AGENTSECRETS_HOME", "")
    if chosen:
        return os.path.abspath(chosen)  # noqa: PTH100  (pathlib is not loaded on this path)
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_dir + "/.agentsecrets"


def connect(home: str) -> _socket.socket | None:
    """A connection to the control socket of a home, None when nobody answers there."""
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
    return connection


def send(connection: _socket.socket, octets: bytes) -> None:
    """Sends a request; when the daemon does not take it, what it answered is still there to be read."""
    try:  # noqa: SIM105  (contextlib is not loaded on this path)
        connection.sendall(octets)
    except (BrokenPipeError, ConnectionResetError):
        pass


def copy_frames(connection: _socket.socket, *, asks: bool) -> Ending:
    """Copies frames to standard output and standard error until the last one.

    Args:
        connection: A connection on which a request was sent.
        asks: Whether to stop at a frame that asks for a person's consent, instead of going on to the refusal.

    Raises:
        DaemonGone: When the daemon breaks off before its last frame.
    """
    try:
        head, rest = _read_head(connection)
        chunked = b"\r\ntransfer-encoding: chunked" in head.lower()
        octets = _Octets(connection, rest, chunked=chunked)
        if MEDIA_TYPE.encode() not in head.lower():
            return Ending(refusal=octets.rest() or b"{}")
        consent = b""
        while True:
            prefix = octets.take(5)
            kind, content = prefix[:1], octets.take(int.from_bytes(prefix[1:], "big"))
            if kind == STDOUT:
                write_all(1, content)
            elif kind == STDERR:
                write_all(2, content)
            elif kind == CONSENT and asks:
                consent = content
            elif kind == EXIT:
                return Ending(consent=consent) if consent else Ending(content[0])
    except (ConnectionResetError, EOFError, ValueError, IndexError):
        from agentsecrets.errors import DaemonGone

        raise DaemonGone from None


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


class _Octets:
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
