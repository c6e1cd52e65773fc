"""However slowly an answer is read: what an upstream has ended comes whole, and what it has not ended never looks whole."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from tests.parts.abrupt import AbruptUpstream
from tests.parts.equipped import STYLES, equipped
from tests.parts.front import Front, front
from tests.parts.loops import LOOPS
from tests.parts.tls import Seen, TlsUpstream, chunk

SIZES = (*range(855_360, 2_700_000, 300_001), *range(2_700_000, 5_200_000, 180_001))
"""Of these, some end while reading is paused, whatever the kernel keeps for a slow reader: that repeats about each megabyte."""
END = b"0\r\n\r\n"


async def _read_slowly(opened: Front, asked: bytes) -> tuple[bytes, int, bytes]:
    """Head of the answer, how many bytes followed, and the last of them; nothing is read until the daemon can send no more."""
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", opened.port))
        await loop.sock_sendall(client, asked)
        await asyncio.sleep(0.05)  # not to wait for something, but to be slow
        taken = bytearray()
        try:
            while part := await asyncio.wait_for(loop.sock_recv(client, 1 << 20), 10):
                taken += part
        except ConnectionError:
            pass
    head, _, body = bytes(taken).partition(b"\r\n\r\n")
    return head, len(body), body[-len(END) :]


@pytest.mark.parametrize("run", LOOPS.values(), ids=LOOPS.keys())
@pytest.mark.parametrize("inject", [True, False], ids=["searched", "not searched"])
@pytest.mark.parametrize("framing", ["length", "close"])
def test_a_slow_reader_gets_the_whole_of_an_answer_whose_upstream_has_closed(
    tmp_path: Path, run: Callable[[Coroutine[Any, Any, None]], None], framing: str, *, inject: bool
):
    async def tell() -> None:
        fields = [STYLES["bearer"].header] if inject else []
        async with equipped(tmp_path, upstream) as house, front(house) as opened:
            for size in SIZES:
                url = upstream.url(f"/?bytes={size}&framing={framing}&alert=yes")
                head, came, last = await _read_slowly(opened, opened.request(("X-AS-Target-URL", url), *fields))
                assert b"chunked" not in head or last == END
                assert came == size if b"chunked" not in head else came > size

    with AbruptUpstream() as upstream:
        run(tell())


@pytest.mark.parametrize("inject", [True, False], ids=["searched", "not searched"])
def test_an_answer_that_ends_with_its_connection_alone_never_looks_whole(tmp_path: Path, *, inject: bool):
    async def tell() -> None:
        fields = [STYLES["bearer"].header] if inject else []
        async with equipped(tmp_path, upstream) as house, front(house) as opened:
            for size in SIZES:
                url = upstream.url(f"/?bytes={size}&framing=close&alert=no")
                head, _, last = await _read_slowly(opened, opened.request(("X-AS-Target-URL", url), *fields))
                assert b"chunked" in head
                assert last != END

    with AbruptUpstream() as upstream:
        uvloop.run(tell())


@pytest.mark.parametrize("run", LOOPS.values(), ids=LOOPS.keys())
@pytest.mark.parametrize("inject", [True, False], ids=["searched", "not searched"])
@pytest.mark.parametrize("size", [0, 10, 300_000])
def test_a_client_of_http_1_0_sees_a_reset_where_an_answer_breaks_off(
    tmp_path: Path, run: Callable[[Coroutine[Any, Any, None]], None], size: int, *, inject: bool
):
    """No chunk and no length would tell it: to such a client, the end of the connection is the end of the answer."""

    async def breaks_off(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (chunk(b"z" * size) if size else b""))
        await writer.drain()
        writer.close()

    async def tell() -> None:
        fields = [STYLES["bearer"].header] if inject else []
        async with equipped(tmp_path, upstream) as house, front(house) as opened:
            asked = opened.request(("X-AS-Target-URL", upstream.url("/breaks-off")), *fields).replace(b" HTTP/1.1", b" HTTP/1.0", 1)
            reader, writer = await asyncio.open_connection("127.0.0.1", opened.port)
            writer.write(asked)
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(reader.read(), 10)
            writer.close()

    with TlsUpstream() as upstream:
        upstream.on("/breaks-off", breaks_off)
        run(tell())
