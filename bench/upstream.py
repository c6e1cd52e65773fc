"""The upstream of the benchmarks, a process of its own: TLS on uvloop, 1 KiB of JSON for every request, keep-alive.

It knows no HTTP beyond where a request without a body ends, so that it costs as little as an upstream can. Prints its port and runs until
its standard input closes.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from typing import cast

import uvloop

BODY = b'{"id": "item", "text": "' + b"x" * 996 + b'"}\n'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Upstream(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remembers where to answer."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's TLS transport does not inherit from it
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        """Answers every request whose head is in."""
        *heads, self._rest = (self._rest + data).split(b"\r\n\r\n")
        self._transport.write(ANSWER * len(heads))


async def main(certificate: str) -> None:
    """Serves until standard input closes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Upstream, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
