"""The proxy that one writes with a framework: aiohttp's server and its client, and a small version of the same pipeline.

Allowlist by host, one injected bearer value, one literal scanned for (over chunk borders too), one buffered log line. Reads its settings as
JSON from standard input's first line, prints its port, and runs until standard input closes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop
from aiohttp import ClientSession, ClientTimeout, TCPConnector, web

_MARK = b"[REDACTED]"
_KEPT = 64 * 1024
_OURS = ("host", "connection", "x-as-target-url", "x-as-inject-bearer", "x-as-session-token", "content-length", "transfer-encoding")


class Pair:
    """The one handler."""

    def __init__(self, settings: dict[str, Any], client: ClientSession) -> None:
        self._hosts = frozenset(settings["hosts"])
        self._value = str(settings["value"]).encode()
        self._log_path = Path(settings["log"])
        self._client = client
        self._lines: list[str] = []
        self._size = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Proxies one request."""
        started = time.monotonic()
        target = request.headers["X-AS-Target-URL"]
        parts = urlsplit(target)
        if parts.scheme != "https" or parts.netloc not in self._hosts:
            return web.Response(status=403)
        fields = {name: value for name, value in request.headers.items() if name.lower() not in _OURS}
        fields["Authorization"] = f"Bearer {self._value.decode()}"
        fields["Accept-Encoding"] = "identity"
        body = request.content if request.body_exists else None
        async with self._client.request(request.method, target, headers=fields, data=body, allow_redirects=False) as answer:
            reply = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.headers.get("Content-Type", "")})
            if answer.content_length is not None:
                reply.content_length = answer.content_length
            await reply.prepare(request)
            held = b""
            async for chunk in answer.content.iter_any():
                held = (held + chunk).replace(self._value, _MARK)
                cut = len(held) - len(self._value) + 1
                if cut > 0 and not answer.content_type.startswith("text/event-stream"):
                    await reply.write(held[:cut])
                    held = held[cut:]
                elif held.endswith(b"\n\n"):
                    await reply.write(held)
                    held = b""
            await reply.write_eof(held)
        self._note(request.method, parts.netloc, parts.path, answer.status, started)
        return reply

    def _note(self, method: str, host: str, path: str, status: int, started: float) -> None:
        took = round((time.monotonic() - started) * 1000, 3)
        line = json.dumps({"time": time.time(), "method": method, "host": host, "path": path, "status": status, "ms": took})
        self._lines.append(line)
        self._size += len(line)
        if self._size > _KEPT:
            with self._log_path.open("a", encoding="utf-8") as log:
                log.write("\n".join(self._lines) + "\n")
            self._lines.clear()
            self._size = 0


async def main() -> None:
    """Serves until standard input closes."""
    logging.disable(logging.CRITICAL)  # a load that ends leaves requests under way, and each would print a traceback
    settings = json.loads(sys.stdin.readline())
    context = ssl.create_default_context(cafile=settings["ca"])
    connector = TCPConnector(limit=0, ssl=context, keepalive_timeout=600)
    async with ClientSession(connector=connector, auto_decompress=False, timeout=ClientTimeout(total=None)) as client:
        app = web.Application()
        app.router.add_route("*", "/proxy", Pair(settings, client).handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(main())
