"""A TLS server that ends its answers as nginx does: the last byte, its closing alert and the end of the connection in one go."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from tests.parts.tls import TlsUpstream, server_context

BLOCK = b"0123456789abcdef" * 4096


class AbruptUpstream(TlsUpstream):
    """``/?bytes=N&framing=length|close&alert=yes|no``: so many bytes, and the end; without the alert, nobody can know that they are all.

    It does not wait for the other side's closing alert, as asyncio's server does.
    """

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept_all, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._accepting.join(10)
        self._loop.close()

    def _accept_all(self) -> None:
        context = server_context(self.ca)
        with contextlib.suppress(OSError):  # the end
            while True:
                accepted, _ = self._listening.accept()
                threading.Thread(target=self._serve_one, args=(context, accepted), daemon=True).start()

    def _serve_one(self, context: ssl.SSLContext, accepted: socket.socket) -> None:
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as every real server: what is written leaves at once
        with contextlib.suppress(OSError), context.wrap_socket(accepted, server_side=True) as opened:
            asked = b""
            while not asked.endswith(b"\r\n\r\n"):
                asked += opened.recv(65536)
            self._answer(opened, dict(parse_qsl(urlsplit(asked.split(b" ")[1].decode()).query)))

    def _answer(self, opened: ssl.SSLSocket, query: dict[str, str]) -> None:
        left = int(query["bytes"])
        length = b"Content-Length: %d\r\n" % left if query["framing"] == "length" else b""
        opened.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + length + b"\r\n")
        while left > 0:
            opened.sendall(BLOCK[:left])
            left -= len(BLOCK)
        if query["alert"] == "yes":
            say_the_end(opened)


def say_the_end(opened: ssl.SSLSocket) -> None:
    """Sends the closing alert."""
    opened.setblocking(False)
    with contextlib.suppress(ssl.SSLError):  # it would wait for an answer
        opened.unwrap()
