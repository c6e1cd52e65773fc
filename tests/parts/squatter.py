"""A program of the same user that sits on the port and on the control socket, answers what it can, and keeps what it hears."""

from __future__ import annotations

import contextlib
import select
import socket
import sys
from pathlib import Path

from tests.parts.memory import say


def squat(port: int, path: str, answers: dict[str, str]) -> str:
    """Listens until standard input ends; answers everything that was heard, as Latin-1.

    Args:
        port: Port on every loopback family.
        path: Path of the control socket, empty for none; whatever is there is removed.
        answers: JSON by path of a request; ``{}`` for the others.
    """
    listeners = [_on_port(socket.AF_INET, "127.0.0.1", port), _on_port(socket.AF_INET6, "::1", port)]
    if path:
        Path(path).unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        listeners.append(listener)
    say("squatting")
    heard = b""
    while True:
        for ready in select.select([*listeners, sys.stdin], [], [])[0]:
            if not isinstance(ready, socket.socket):
                return heard.decode("latin-1")
            heard += _conversation(ready.accept()[0], answers)


def _on_port(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen()
    return listener


def _conversation(connection: socket.socket, answers: dict[str, str]) -> bytes:
    """One request and its answer; whatever came."""
    heard = b""
    with connection, contextlib.suppress(OSError):
        connection.settimeout(2)
        while b"\r\n\r\n" not in heard:
            block = connection.recv(65536)
            if not block:
                return heard
            heard += block
        head, _, body = heard.partition(b"\r\n\r\n")
        heard += _rest(connection, head.lower(), len(body))
        answer = answers.get(head.split(b" ")[1].decode(), "{}").encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
    return heard


def _rest(connection: socket.socket, head: bytes, read: int) -> bytes:
    expected = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0] or b"0")
    rest = b""
    while read + len(rest) < expected and (block := connection.recv(65536)):
        rest += block
    return rest


def free_port() -> int:
    """A port that nobody holds just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
