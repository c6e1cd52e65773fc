"""Programs that sit where the daemon should be: ``python -m tests.parts.impostor PLACE MODE``.

``PLACE`` is a state folder (its control socket) or a port of 127.0.0.1. Modes: ``garbage`` answers every connection with bytes that are no
HTTP, ``html`` with a web page, ``close`` with nothing, and ``VERSION`` speaks like a daemon of that version, which holds the folder's lock
and stops when it is asked to. Everything that was received is printed at the end, in hexadecimal, after a line that says ``ready``.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_ANSWERS = {"garbage": b"\x00\xff garbage \r\n\r\n", "html": b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "close": b""}
_SPOKEN: dict[bytes, tuple[bytes, dict[str, object]]] = {
    b"/v1/status": (b"200 OK", {"pid": os.getpid(), "port": 1, "locked": True}),
    b"/v1/stop": (b"200 OK", {}),
}
"""What a daemon of any version answers."""


class _Told(Exception):
    """Somebody has asked this program to end."""


def main() -> None:
    """Serves one connection after another until it is told to end."""
    place, mode = sys.argv[1:]
    signal.signal(signal.SIGTERM, _end)
    received = b""
    with _listening(place) as listener, contextlib.suppress(_Told):
        if mode not in _ANSWERS:
            lock = os.open(Path(place) / "run" / "daemon.lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                received += _converse(connection, mode)
    sys.stdout.write(received.hex())


def _converse(connection: socket.socket, mode: str) -> bytes:
    asked = _request(connection)
    if mode in _ANSWERS:
        connection.sendall(_ANSWERS[mode])
        return asked
    path = asked.split(b" ")[1]
    status, told = _SPOKEN.get(path, (b"409 Conflict", {"error": "other_version", "message": "other", "hint": "agentsecrets proxy stop"}))
    body = json.dumps(told | {"version": mode} if path == b"/v1/status" else told, separators=(",", ":")).encode()
    connection.sendall(b"HTTP/1.1 %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (status, len(body), body))
    if path == b"/v1/stop":
        raise _Told
    return asked


def _request(connection: socket.socket) -> bytes:
    """One whole request, as far as it comes."""
    received = b""
    while block := connection.recv(65536):
        received += block
        head, end, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if end and len(body) >= (int(length[1]) if length else 0):
            break
    return received


def _listening(place: str) -> socket.socket:
    if place.isdigit():
        return socket.create_server(("127.0.0.1", int(place)))
    path = Path(place) / "run" / "control.sock"
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(64)
    return listener


def _end(number: int, frame: object) -> None:  # noqa: ARG001  (the shape of a signal's receiver)
    raise _Told


@contextmanager
def impostor(place: Path | int, mode: str) -> Iterator[Callable[[], bytes]]:
    """Runs one; answers a function that ends it and says what it has received."""
    command = [sys.executable, "-m", "tests.parts.impostor", str(place), mode]
    program = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    told: list[bytes] = []

    def end() -> bytes:
        if not told:
            program.terminate()
            told.append(bytes.fromhex(program.communicate(timeout=20)[0]))
        return told[0]

    try:
        assert program.stdout.readline() == "ready\n"
        yield end
    finally:
        end()


if __name__ == "__main__":
    main()
