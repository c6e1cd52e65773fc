"""Does what it is told with aiohttp's client."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from tests.parts.http_clients.conversation import AUTHORITY, Came, Left, body, orders, read_on


async def _parts(size: int) -> AsyncIterator[bytes]:
    for part in body(size):
        yield part


async def _run(session: aiohttp.ClientSession, order: dict[str, Any]) -> None:
    came, status, headers = Came(order), 0, []
    error: Exception | None = None
    send, fields = order.get("send"), [(name, value) for name, value in order["headers"]]
    if send is not None and not send["chunked"]:
        fields.append(("Content-Length", str(send["bytes"])))
    sent = None if send is None else _parts(send["bytes"]) if send["bytes"] or send["chunked"] else b""
    try:
        async with session.request(order["method"], order["url"], headers=fields, data=sent, allow_redirects=False) as answer:
            status, headers = answer.status, list(answer.raw_headers)
            if order.get("hold"):
                read_on()  # nothing else runs here: the loop may stand still
            async for part in answer.content.iter_any():
                came.add(part)
    except (aiohttp.ClientError, ConnectionError, Left) as failure:
        error = failure
    came.end(status, headers, error)


async def _serve() -> None:
    context = ssl.create_default_context(cafile=AUTHORITY)
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=300)) as session:
        waiting = orders()
        while (order := await asyncio.to_thread(next, waiting, None)) is not None:  # connections close meanwhile
            await _run(session, order)


asyncio.run(_serve())
