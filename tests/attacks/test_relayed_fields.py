"""What would frame, route or disguise a request stays behind, as does what would slice an echo; and no answer speaks in our name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agentsecrets.errors import AgentSecretsError, BadInjection
from agentsecrets.proxy.ingress import injection
from tests.parts.equipped import STYLES, equipped
from tests.parts.front import front
from tests.parts.house import read
from tests.parts.tls import Seen, TlsUpstream

NEVER = (
    "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Proxy-Authenticate", "Proxy-Anything", "TE", "Trailer",
    "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "Expect", "Host", "Content-Length", "Forwarded", "Via", "X-Forwarded-For",
    "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Anything", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
    "X-Original-URL", "X-Rewrite-URL", "X-Original-Host", "X-Host", "X-AS-Agent-ID", "X-AS-Unknown",
)  # fmt: skip
SLICING = ("Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Accept-Encoding")
SPELLINGS = (str, str.upper, str.lower, lambda name: name.replace("-", "_"), lambda name: name.lower().replace("-", "_"))
FROM_UPSTREAMS = (
    "X-AS-Event", "x-as-redacted", "X_AS_Refused", "X-AS-Anything", "Keep-Alive", "Upgrade", "Trailer", "Proxy-Authenticate", "Alt-Svc",
)  # fmt: skip
VOUCHING = ("ETag", "Content-MD5", "Digest", "Repr-Digest", "Content-Digest", "Last-Modified")
MARK = "smuggled"


def _fields(names: tuple[str, ...], spelling: object) -> list[tuple[str, str]]:
    return [(spelling(name), MARK) for name in names]  # type: ignore[operator]


async def _seen(root: Path, upstream: TlsUpstream, fields: list[tuple[str, str]], *, injected: bool) -> Seen:
    async with equipped(root, upstream) as house:
        injection = [STYLES["bearer"].header] if injected else []
        await read(await house.call(upstream.url("/echo"), *injection, *fields, method="POST", body=b"{}"))
    return upstream.seen[-1]


@pytest.mark.parametrize("injected", [True, False], ids=["injected", "plain"])
@pytest.mark.parametrize("spelling", SPELLINGS, ids=["as it is", "upper", "lower", "underscores", "lower underscores"])
def test_no_field_that_frames_or_routes_travels(tmp_path: Path, spelling: object, *, injected: bool):
    with TlsUpstream() as upstream:
        seen = asyncio.run(_seen(tmp_path, upstream, [*_fields(NEVER, spelling), ("X-Mine", "kept")], injected=injected))
    assert not [field for field in seen.fields if MARK in field[1]]
    assert seen.header("X-Mine") == "kept"
    assert [value for name, value in seen.fields if name.lower() == "host"] == [f"localhost:{upstream.port}"]
    assert [value for name, value in seen.fields if name.lower() == "content-length"] == ["2"]


@pytest.mark.parametrize("injected", [True, False], ids=["injected", "plain"])
def test_what_would_slice_an_echo_stays_behind_on_calls_with_a_value_only(tmp_path: Path, *, injected: bool):
    with TlsUpstream() as upstream:
        seen = asyncio.run(_seen(tmp_path, upstream, _fields(SLICING, str), injected=injected))
    travelled = [name for name, value in seen.fields if MARK in value]
    assert travelled == ([] if injected else list(SLICING))
    assert not injected or seen.header("Accept-Encoding") == "identity"


def test_what_connection_names_stays_behind(tmp_path: Path):
    fields = [("Connection", f"close, X-One ,x-TWO,  {MARK}"), ("X-One", MARK), ("X-Two", MARK), ("x_two", MARK), ("X-Three", "kept")]
    with TlsUpstream() as upstream:
        seen = asyncio.run(_seen(tmp_path, upstream, fields, injected=True))
    assert not [field for field in seen.fields if MARK in field[1]]
    assert seen.header("X-Three") == "kept"


@pytest.mark.parametrize("slot", [*NEVER, *SLICING, "X_Forwarded_For", "proxy_authorization"])
def test_none_of_them_is_a_slot(slot: str):
    with pytest.raises(BadInjection):
        injection("header", slot, "KEY")


@pytest.mark.parametrize(
    "method", ["TRACE", "CONNECT", "trace", "TRACK", "DEBUG", "PROPFIND", "GET /", "GET\r\nX: y", "PRI", "M-SEARCH", ""]
)
def test_no_other_method_is_sent(tmp_path: Path, method: str):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            for asked in ((method, ()), ("GET", (("X-AS-Method", method),))):
                if method == "" and asked[1]:
                    continue
                with pytest.raises(AgentSecretsError) as refused:
                    await house.call(upstream.url("/echo"), STYLES["bearer"].header, *asked[1], method=asked[0])
                assert refused.value.slug == "method_refused"

    with TlsUpstream() as upstream:
        asyncio.run(tell())
        assert not upstream.seen


@pytest.mark.parametrize("injected", [True, False], ids=["injected", "plain"])
@pytest.mark.parametrize("section", ["head", "trailers"])
def test_an_upstream_speaks_neither_in_our_name_nor_for_bytes_that_we_may_have_changed(tmp_path: Path, section: str, *, injected: bool):
    told = "".join(f"{name}: {MARK}\r\n" for name in (*FROM_UPSTREAMS, *VOUCHING)) + "X-Mine: kept\r\n"
    told += f"Set-Cookie: {MARK}\r\n" if section == "trailers" else ""

    async def says(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        head, trailers = (told, "") if section == "head" else ("", told)
        writer.write(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{head}\r\n2\r\nhi\r\n0\r\n{trailers}\r\n".encode())

    async def tell() -> bytes:
        fields = [STYLES["bearer"].header] if injected else []
        async with equipped(tmp_path, upstream) as house, front(house) as opened:
            return await opened.tell(opened.request(("X-AS-Target-URL", upstream.url("/says")), *fields))

    with TlsUpstream() as upstream:
        upstream.on("/says", says)
        answer = asyncio.run(tell()).decode()
    marked = [line.partition(":")[0] for line in answer.split("\r\n") if MARK in line]
    assert marked == ([] if injected else list(VOUCHING))
    assert "\r\nX-Mine: kept\r\n" in answer
    assert answer.count("X-AS-Event") == 1
