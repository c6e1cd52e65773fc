"""A TLS upstream on loopback that says back whatever it is sent, the credential included."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import threading
from pathlib import Path

from agentsecrets.crypto.localca import LocalCA


class EchoUpstream:
    """Serves from a thread of its own until the program ends."""

    def __init__(self) -> None:
        self._authority = LocalCA.create("AgentSecrets demo CA")
        self._ready = threading.Event()
        self.port = 0
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        self._ready.wait(10)

    @property
    def ca_pem(self) -> bytes:
        """Certificate of the authority that vouches for it."""
        return self._authority.pem

    async def _serve(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate, key = self._authority.issue("localhost", "127.0.0.1")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "server.pem"
            path.write_bytes(certificate + key)
            context.load_cert_chain(path)
        server = await asyncio.start_server(_echo, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await server.serve_forever()


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    body = head.partition(b"\r\n\r\n")[0] + b"\n\n" + await reader.readexactly(length) + b"\n"
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()
    writer.close()
