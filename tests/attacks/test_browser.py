"""A web page in the user's browser gets nothing from the port, whatever it tries: every request is refused before its body."""

from __future__ import annotations

import asyncio
import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agentsecrets.network.http1.server import Peer
from tests.parts.equipped import STYLES, equipped
from tests.parts.front import Front, front
from tests.parts.tls import TlsUpstream

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--timeout=8000", "--virtual-time-budget=8000")
TRACES = (
    ("Origin", "https://evil.example"),
    ("Origin", "null"),
    ("Origin", ""),
    ("Origin", "http://127.0.0.1:{port}"),
    ("Sec-Fetch-Site", "none"),
    ("Sec-Fetch-Site", "same-origin"),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Dest", "image"),
    ("Sec-Fetch-Dest", "document"),
    ("sec-fetch-dest", "empty"),
)
HOSTS = (
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1",
    "127.0.0.1:1",
    "localhost.evil.example:{port}",
    "127.0.0.1.evil.example:{port}",
    "127.0.0.1:{port}@evil.example",
    "127.0.0.2:{port}",
    "0.0.0.0:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "localhost.:{port}",
    "127.1:{port}",
    "",
    "LOCALHOST:{port}0",
)
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD")


def _ours(_transport: asyncio.BaseTransport) -> Peer:
    return Peer("tcp", os.geteuid())


def _ask(opened: Front, upstream: TlsUpstream, method: str, host: str, *fields: tuple[str, str], body: str = "") -> bytes:
    lines = [
        f"{method} /proxy HTTP/1.1",
        f"Host: {host}",
        f"X-AS-Target-URL: {upstream.url('/echo')}",
        *(f"{name}: {value}" for name, value in fields),
    ]
    lines += [f"X-AS-Inject-Bearer: {STYLES['bearer'].key}", "Content-Length: 1000000" if body else "Connection: close", "", body]
    return "\r\n".join(lines).replace("{port}", str(opened.port)).encode()


def test_what_only_a_browser_sends_is_refused_before_the_body(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house, front(house, peer=_ours) as opened:
            ours = f"127.0.0.1:{opened.port}"
            for method in METHODS:
                for trace in TRACES:
                    answer = await opened.tell(_ask(opened, upstream, method, ours, trace, body="only a part of the body"))
                    assert answer.startswith(b"HTTP/1.1 403 "), (method, trace)
                    assert b"browser_refused" in answer or method == "HEAD"
                    assert b"access-control" not in answer.lower()
                for host in HOSTS:
                    answer = await opened.tell(_ask(opened, upstream, method, host, body="x"))
                    assert answer.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 400 ")), (method, host)
            for method in ("OPTIONS", "GET"):
                answer = await opened.tell(f"{method} /health HTTP/1.1\r\nHost: {ours}\r\nOrigin: x\r\n\r\n".encode())
                assert answer.startswith(b"HTTP/1.1 403 ")
            preflight = ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Private-Network", "true")
            answer = await opened.tell(_ask(opened, upstream, "OPTIONS", ours, *preflight))
            assert answer.startswith(b"HTTP/1.1 403 ")
            assert b"access-control" not in answer.lower()
            assert not opened.admitted
            assert b"HTTP/1.1 200 " in await opened.tell(_ask(opened, upstream, "GET", ours, ("Sec-Fetch-Mode", "cors")))  # Node's fetch

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert len(upstream.seen) == 1


PAGE = (Path(__file__).parent / "hostile_page.html").read_text(encoding="utf-8")


@contextmanager
def _serving(page: str) -> Iterator[str]:
    """A page on an origin of its own."""

    class OnePage(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OnePage)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.mark.slow
def test_a_page_in_a_real_browser_reads_nothing_and_reaches_nothing(tmp_path: Path):
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), "")
    if not browser:
        pytest.skip("no Chromium here")

    async def tell() -> str:
        async with equipped(tmp_path, upstream) as house, front(house, peer=_ours) as opened:
            page = PAGE.replace("PORT", str(opened.port)).replace("URL", upstream.url("/echo")).replace("KEY", STYLES["bearer"].key)
            with _serving(page) as address:
                words = [*FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", address]
                running = await asyncio.create_subprocess_exec(browser, *words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                try:
                    said, _ = await asyncio.wait_for(running.communicate(), 60)
                finally:
                    if running.returncode is None:
                        running.kill()
            assert not opened.admitted
            assert {slug for slug, _ in opened.refused} <= {"browser_refused"}
            assert {head.method for _, head in opened.refused} >= {"GET", "POST"}
            assert len(opened.refused) > 20
            return said.decode()

    with TlsUpstream() as upstream:
        said = asyncio.run(tell())
        assert not upstream.seen
    assert "RESULT" in said
    assert ":read" not in said
