"""A redirect takes a value nowhere: it is returned, never followed, and says nothing of the value."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import Counted
from tests.parts.equipped import STYLES, VALUE, equipped
from tests.parts.house import read
from tests.parts.tls import Seen, TlsUpstream, answer

CODES = (300, 301, 302, 303, 305, 307, 308)
PLACES = (
    "/elsewhere",
    "?again",
    "//localhost:{evil}/",
    "https://localhost:{evil}/in",
    "https://localhost:{here}/again",
    "http://localhost:{here}/down",
    "https://user:pass@localhost:{evil}/",
    "https://localhost:{evil}/?k={value}",
    "/echo?k={value}",
    "https://{value}.example.com/",
    "file:///etc/passwd",
    "",
)


async def redirect(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """``/redirect/CODE?to=…``: that status and place, ``{value}`` in it replaced by the credential."""
    said = quote(seen.credential().decode("latin-1"), safe="")
    place = seen.query["to"].replace("{value}", said)
    extra = (("Refresh", f"0; url={place}"), ("Content-Location", place), ("Link", f"<{place}>; rel=next"))
    writer.write(answer(int(seen.path.rsplit("/", 1)[-1]), place.encode(), *((("Location", place), *extra) if place else ()), reason="Go"))


@pytest.mark.parametrize("style", STYLES)
def test_the_value_is_seen_at_the_first_hop_only(style: str, tmp_path: Path, counted: Counted):
    asked = STYLES[style]  # type: ignore[index]
    calls = 0

    async def tell() -> None:
        nonlocal calls
        async with equipped(tmp_path, first) as house:
            for code in CODES:
                for place in PLACES:
                    to = place.replace("{evil}", str(evil.port)).replace("{here}", str(first.port))
                    url = first.url(f"/redirect/{code}?of={asked.of}&to={quote(to, safe='')}")
                    method = "POST" if asked.kind or code % 2 else "GET"
                    reply = await house.call(url, asked.header, method=method, body=asked.body)
                    body = await read(reply)
                    calls += 1
                    said = b"\n".join((reply.reason, body, *(part for field in reply.fields for part in field)))
                    assert reply.status == code
                    assert VALUE.encode() not in said
                    assert "{value}" not in place or reply.redactions > 0
                    assert [name for name, _ in reply.fields].count(b"Location") == (1 if place else 0)

    with TlsUpstream() as first, TlsUpstream(ca=first.ca) as evil:
        first.on("/redirect", redirect)
        asyncio.run(tell())
        assert len(first.seen) == calls == len(CODES) * len(PLACES)
        assert evil.connections == 0
        assert all(seen.path.startswith("/redirect/") for seen in first.seen)
    counted(f"redirects as {style}: {calls} calls, value at hop 1 only")


def test_no_cookie_of_an_answer_travels_with_the_next_call(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            for _ in range(2):
                reply = await house.call(upstream.url("/cookie"), STYLES["bearer"].header)
                assert (b"Set-Cookie", b"session=1; Path=/; Domain=localhost") in reply.fields  # no jar takes it for one of the proxy
                await read(reply)

    async def cookie(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(200, b"{}", ("Set-Cookie", "session=1; Path=/")))

    with TlsUpstream() as upstream:
        upstream.on("/cookie", cookie)
        asyncio.run(tell())
        assert [seen.header("Cookie") for seen in upstream.seen] == ["", ""]
