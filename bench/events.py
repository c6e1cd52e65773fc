"""An upstream of server-sent events, a process of its own: on each request one event after the other, each with its time.

Every event is ``data: NANOSECONDS`` of the system's monotonic clock, which all processes of a machine share, so its reader knows how long
it was under way. Prints its port and runs until its standard input closes.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import sys
import time
from typing import cast

import uvloop

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n"
EVERY = 0.02
"""Seconds between two events of a stream."""


class Stream(asyncio.Protocol):
    """One connection, one stream."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remembers where to write."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's TLS transport does not inherit from it
        self._begun = False

    def data_received(self, data: bytes) -> None:
        """Begins at the end of a request's head."""
        if b"\r\n\r\n" in data and not self._begun:
            self._begun = True
            self._transport.write(HEAD)
            loop = asyncio.get_running_loop()
            self._due = loop.time() + EVERY * (1 + random.random())  # streams do not keep step with each other
            loop.call_at(self._due, self._next)

    def _next(self) -> None:
        if not self._transport.is_closing():
            event = b"data: %d\n\n" % time.monotonic_ns()
            self._transport.write(b"%x\r\n%b\r\n" % (len(event), event))
            self._due += EVERY  # and do not fall into step, as they would if each counted from its last event
            asyncio.get_running_loop().call_at(self._due, self._next)


async def main(certificate: str = "") -> None:
    """Serves until standard input closes, over TLS when there is a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
    if context is not None:
        context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Stream, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
