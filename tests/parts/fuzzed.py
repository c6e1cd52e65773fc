"""What is fuzzed: each target takes any bytes and raises when a promise does not hold. A refusal in our words is no failure.

``tools/fuzz.py`` drives them by coverage, ``tests/fuzz`` by seeded mutation in the ordinary suite.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable
from typing import Any, cast
from urllib.parse import parse_qsl

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.errors import AgentSecretsError
from agentsecrets.model.statement import BindingStatement, Entry, Identity, read_payload
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.messages import Malformed, read_answer, read_request
from agentsecrets.network.http1.server import Exchange, Peer, ServerConnection, Service
from agentsecrets.proxy.fields import as_gateways_read
from agentsecrets.proxy.ingress import injection, read_asked, read_target
from agentsecrets.proxy.styles import STYLES
from agentsecrets.proxy.styles.style import Draft
from agentsecrets.wire.headers import TARGET_URL
from agentsecrets.wire.session import read_session
from tests.parts import fuzzed_files
from tests.parts.whatwg import disagreement

VALUE = 'sk"\\é'
LIMITS = Limits()

_TARGET_URL = TARGET_URL.lower().encode()


def fuzz_target(raw: bytes) -> None:
    """Whatever we accept, a WHATWG parser reads the same way."""
    said = disagreement(raw.decode("utf-8", "replace"))
    assert not said, said


# --- requests -------------------------------------------------------------------------------------------------------------------------


class Wire(asyncio.Transport):
    """A transport without a socket: it keeps what is written and says when it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.closed = False

    def write(self, sent: object) -> None:
        assert not self.closed
        self.written += cast("bytes", sent)

    def write_eof(self) -> None:
        """The other side sees the end."""

    def can_write_eof(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """Nothing is read here."""

    def resume_reading(self) -> None:
        """Nothing is read here."""

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: object = None) -> object:  # noqa: ARG002  (the transport's signature)
        return default


Served = list[tuple[str, bytes, bytes]]
"""Method, request target and body of what was served to its end."""


async def _told(parts: Iterable[bytes]) -> tuple[Served, bytes]:
    """What a server makes of bytes that arrive in parts."""
    served: Served = []

    async def serve(exchange: Exchange) -> None:
        body = b"".join([part async for part in exchange.body()])
        served.append((exchange.head.method, exchange.head.target, body))
        await exchange.respond(200, [], hashlib.sha256(body).hexdigest().encode())

    wire, connections = Wire(), set[ServerConnection]()
    connection = ServerConnection(Service(lambda _head, _peer: None, serve, lambda _: Peer("tcp", None), LIMITS), connections)
    connection.connection_made(wire)
    for part in parts:
        if part:
            connection.data_received(part)
        for _ in range(2):
            await asyncio.sleep(0)
        if wire.closed:
            break
    for _ in range(6):
        await asyncio.sleep(0)
    connection.connection_lost(None)
    await asyncio.sleep(0)
    assert not connections
    return served, bytes(wire.written)


_LOOP: list[asyncio.AbstractEventLoop] = []


def _loop() -> asyncio.AbstractEventLoop:
    if not _LOOP:
        _LOOP.append(asyncio.new_event_loop())
    return _LOOP[0]


def fuzz_ingress(raw: bytes) -> None:
    """However bytes are cut into packets, they are the same requests, each answered once, and nothing is served behind a refusal."""
    stream = raw[1:]
    step = 1 + (raw[0] if raw else 0)
    cuts = [*range(0, min(len(stream), 5 * step), step), len(stream)]
    whole, written = _loop().run_until_complete(_told([stream]))
    pieces, written_pieces = _loop().run_until_complete(_told(stream[one:other] for one, other in itertools.pairwise(cuts)))
    shorter = min(len(whole), len(pieces))
    assert whole[:shorter] == pieces[:shorter]  # bytes behind a chunked body are served only when they come in a packet of their own
    for served, sent in ((whole, written), (pieces, written_pieces)):
        good, refused = sent.count(b"HTTP/1.1 200 "), sent.count(b"HTTP/1.1 ") - sent.count(b"HTTP/1.1 100 ")
        assert good == len(served)
        assert refused - good <= 1
        assert refused == good or b"HTTP/1.1 200 " not in sent[sent.rfind(b"HTTP/1.1 4") if b"HTTP/1.1 4" in sent else len(sent) :]


def _reference_chunks(raw: bytes) -> bytes | None:
    """The body of strictly chunked bytes, by another reader; None when it is not whole."""
    body, at = b"", 0
    while True:
        end = raw.find(b"\r\n", at)
        if end < 0:
            return None
        size = int(raw[at:end].partition(b";")[0], 16)
        at = end + 2
        if size == 0:
            return body
        body, at = body + raw[at : at + size], at + size + 2


def fuzz_chunks(raw: bytes) -> None:
    """A chunked body that is taken for whole is the one that another reader finds, wherever it is cut."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    cut, stream = (raw[0] if raw else 0), raw[1:]
    bodies: list[bytes | None] = []
    for parts in ([stream], [stream[:cut], stream[cut:]], [stream[at : at + 1] for at in range(min(len(stream), 300))]):
        _, _, chunked = read_request(head, LIMITS)
        assert chunked is not None
        body = b""
        try:
            for part in parts:
                if part and not chunked.complete:
                    body += chunked.feed(part)
        except Malformed:
            bodies.append(None)
            continue
        bodies.append(body if chunked.complete else None)
        if chunked.complete:
            assert body == _reference_chunks(stream)
    assert bodies[0] == bodies[1]


def fuzz_answer_head(raw: bytes) -> None:
    """The head of an answer is read, or malformed in our words; a value of a field holds no line break."""
    end = raw.find(b"\r\n\r\n")
    if end < 0:
        return
    try:
        head, _ = read_answer(raw[: end + 4], LIMITS)
    except Malformed:
        return
    assert all(b"\r" not in part and b"\n" not in part and b"\0" not in part for field in head.fields for part in field)
    assert 100 <= head.status <= 999
    assert head.framing.length is None or not head.framing.chunked


# --- what an agent asks ---------------------------------------------------------------------------------------------------------------


def fuzz_fields(raw: bytes) -> None:
    """Our header fields become a call or a refusal in our words; none of them, and none that frames, travels on."""
    given = [(name, value) for name, _, value in (line.partition(b":") for line in raw.split(b"\n")) if name]
    urls = [value for name, value in given if name.lower() == _TARGET_URL]
    try:
        read_target(urls[-1] if urls else b"")
        asked = read_asked("GET", tuple(field for field in given if field[0].lower() != _TARGET_URL))
    except AgentSecretsError as refusal:
        assert refusal.slug != "internal_error"  # noqa: PT017  (most inputs end so)
        return
    for one in asked.injections:
        assert injection(one.style, one.slot, one.key) == one
    for name, _ in asked.fields:
        assert not as_gateways_read(name).startswith((b"x-as-", b"proxy-", b"x-forwarded-"))
        assert as_gateways_read(name) not in {b"host", b"content-length", b"transfer-encoding", b"connection", b"upgrade", b"te", b"expect"}


def fuzz_form(raw: bytes) -> None:
    """A field is added to a form, and every field that was there is still there."""
    draft = Draft(None, [], raw)
    try:
        STYLES["form"].write(draft, "client_secret", VALUE.encode())
    except AgentSecretsError:
        return
    before = parse_qsl(raw.decode("ascii"), keep_blank_values=True)
    assert parse_qsl((draft.body or b"").decode("ascii"), keep_blank_values=True) == [*before, ("client_secret", VALUE)]


def _read(text: str) -> Any:
    return json.loads(text, parse_int=str, parse_float=str)


def fuzz_json(raw: bytes) -> None:
    """A member is added to a JSON body, and everything that was there is still there, to the byte."""
    slot = ("token", "a.token", "a.b.token")[raw[0] % 3] if raw else "token"
    body = raw[1:]
    draft = Draft(None, [], body)
    try:
        STYLES["body"].write(draft, slot, VALUE.encode())
    except AgentSecretsError:
        return
    written = draft.body or b""
    before, after = _read(body.decode()) if body else {}, _read(written.decode())
    *parents, last = slot.split(".")
    inner = before
    for name in parents:
        inner = inner.setdefault(name, {})
    inner[last] = VALUE
    assert before == after
    start = next((at for at, (one, other) in enumerate(zip(body, written, strict=False)) if one != other), len(body))
    assert not body or written.endswith(body[start:])


# --- what is stored or signed ---------------------------------------------------------------------------------------------------------


def fuzz_decoders(raw: bytes) -> None:
    """Envelopes, their payloads and the session file are decoded or refused in our words."""
    for decode in _DECODERS:
        try:
            decode(raw)
        except AgentSecretsError as refusal:
            assert refusal.slug != "internal_error"  # noqa: PT017  (nearly every input ends so)


_DECODERS: tuple[Callable[[bytes], object], ...] = (
    Envelope.decode,
    lambda raw: read_payload(raw, Entry),
    lambda raw: read_payload(raw, Identity),
    lambda raw: read_payload(raw, BindingStatement),
    read_session,
)

TARGETS: dict[str, Callable[[bytes], None]] = {
    "target": fuzz_target,
    "ingress": fuzz_ingress,
    "chunks": fuzz_chunks,
    "answer-head": fuzz_answer_head,
    "fields": fuzz_fields,
    "form": fuzz_form,
    "json": fuzz_json,
    "decoders": fuzz_decoders,
    **fuzzed_files.TARGETS,
}

_STATEMENT = (
    b'{"workspace_id":"a","seq":0,"prev":"0","entry":"project.created","author":"a","subjects":["a"],'
    b'"epoch":1,"time_ms":1,"sealed_hash":"0"}'
)
SEEDS: dict[str, tuple[bytes, ...]] = {
    "target": (
        b"https://api.example.com/v1/items?q=1",
        b"https://api.example.com:8443/",
        b"https://1.1.1.1/",
        b"https://[2606:4700::1111]/",
        b"http://localhost:80/a;b",
        "https://bücher.example/é".encode(),
        b"https://xn--bcher-kva.example/%2e",
        b"https://user@evil.example\\@a/",
        b"https://0x7f.1:0443/#f",
    ),
    "ingress": (
        b"\x09GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x40POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        b"\x20POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: v\r\n\r\n",
        b"\x05POST /p HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\na",
        b"\x01GET http://x/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-AS-Target-URL: https://a/\r\n\r\n",
        b"\x00GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
    ),
    "chunks": (b"\x035\r\nhello\r\n0\r\n\r\n", b"\x071;x=y\r\na\r\nA\r\n0123456789\r\n000\r\nT: v\r\n\r\n", b'\x01ff;a="b"\r\n'),
    "answer-head": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.0 304 \r\nA: b\r\n\r\n",
        b"HTTP/1.1 103 Early\r\nLink: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
    "fields": (
        b"X-AS-Target-URL:https://api.example.com/\nX-AS-Inject-Bearer:KEY",
        b"x-as-target-url:https://a.b/\nX-AS-Inject:query:key=KEY,header:X-A=B\nAccept:*/*\nHost:x",
        b"X-AS-Target-URL:https://a.b/\nX-AS-Inject-Body-a.b:KEY\nX-AS-Method:post\nX-AS-Agent-ID:me\nX_Forwarded_For:1\nConnection:x",
        b"X-AS-Target-URL:https://a.b/\nX-AS-Inject-Form-x:K\nTe:x",
    ),
    "form": (b"a=1&b=%20+c", b"", b"client_secret=x", b"a;b=c&d[]=e"),
    "json": (
        b'\x00{"a":1e400,"b":[true,null,"\\ud800"]}',
        b'\x01{"a":{"b":{}}}',
        b'\x02 {"a" : {"b" : {"c":1.50}} } ',
        b"\x00",
        b'\x01{"a":{"token":1}}',
    ),
    "decoders": (b"\x01" + _STATEMENT, b'{"token": "as_sess_x", "port": 8765}', bytes(120)),
    **fuzzed_files.SEEDS,
}
"""Inputs to begin with; each target gets its own."""

TOKENS: tuple[bytes, ...] = (
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\t",
    b" ",
    b":",
    b"/",
    b"//",
    b"\\",
    b"@",
    b"%",
    b"%2e",
    b"%00",
    b"?",
    b"#",
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b",",
    b"0",
    b"0x",
    b"-",
    b"+",
    b".",
    b"..",
    b"chunked",
    b"Content-Length: ",
    b"Transfer-Encoding: ",
    b"Host: ",
    b"HTTP/1.1",
    b"https://",
    b"xn--",
    b"\xff",
    b"\xc3\xa9",
    b"\xed\xa0\x80",
    b"\\u0000",
    b"\\ud800",
    b"1e999",
    b"null",
    b"&",
    b"=",
    b";",
    b"X-AS-Inject-",
    b"X-AS-Target-URL:",
    b"KEY",
    b"token",
    b"export ",
    b"#",
    b"'",
    b"\\",
    b"${",
)
"""Words of the grammars, for mutation."""
