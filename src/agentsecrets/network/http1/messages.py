"""Heads of messages, and the strict reading that comes on top of the parser."""

from __future__ import annotations

import re

import httptools
import msgspec

from agentsecrets.errors import MethodRefused, UpgradeRefused
from agentsecrets.model.call import Field, Joined, joined
from agentsecrets.network.http1.limits import Limits
from agentsecrets.wire.headers import TARGET_URL

_CHUNKED = b"chunked"
_LONGEST_NUMBER = 18
_LOWEST_STATUS = 100
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_SCHEME = b"http://"
_TARGET_URL = TARGET_URL.lower().encode()

Index = dict[bytes, list[bytes]]
"""Values of the header fields of a request by lower-case name."""

Parser = httptools.HttpRequestParser | httptools.HttpResponseParser


class Malformed(Exception):
    """A message that does not hold; its words are ours and may be shown."""


class Framing(msgspec.Struct, frozen=True):
    """How long a body is: a number of bytes, chunked, or (neither) nothing for requests and until close for answers."""

    length: int | None
    chunked: bool


_IN_CHUNKS, _UNTOLD = Framing(None, chunked=True), Framing(None, chunked=False)


class RequestHead(msgspec.Struct, frozen=True, eq=False):
    """The head of a request but for ``X-AS-Target-URL``. Each is equal to itself alone: what was found out about one can be looked up.

    Attributes:
        method: As sent.
        target: Request target in origin form, or ``*``.
        fields: All header fields in order, but for that one.
        index: The same, by lower-case name.
        framing: How long the body is.
        keep_alive: Whether the connection may serve another request.
        http10: Whether the client speaks HTTP/1.0, to which chunks cannot be sent.
        has_body: Whether body bytes follow.
        kept: Whether it is short enough to be kept, so that the next such head is this very object.
    """

    method: str
    target: bytes
    fields: tuple[Field, ...]
    index: Index
    framing: Framing
    keep_alive: bool
    http10: bool
    has_body: bool
    kept: bool = False

    def get(self, name: bytes) -> list[bytes]:
        """All values of a field; the name in lower case."""
        return self.index.get(name, [])

    def __repr__(self) -> str:
        return f"<RequestHead {self.method}>"


class AnswerHead(msgspec.Struct, frozen=True):
    """The head of an answer."""

    status: int
    reason: bytes
    fields: tuple[Field, ...]
    index: Joined
    framing: Framing
    keep_alive: bool

    def __repr__(self) -> str:
        return f"<AnswerHead {self.status}>"


class _Collector:
    """Receives what llhttp reads: one message, no more."""

    __slots__ = ("_section", "chunks", "complete", "fields", "on_body", "reason", "trailers", "url")

    def __init__(self) -> None:
        self.url = b""
        self.reason = b""
        self.fields: list[Field] = []
        self.complete = False
        self.chunks: list[bytes] = []
        self.on_body = self.chunks.append  # nothing of ours is called for each chunk
        self.trailers: list[Field] = []
        self._section = self.fields

    on_chunk_header = on_chunk_complete = None
    """Not wanted, and said so: what is missing is looked for with an exception, for each message."""

    def on_url(self, url: bytes) -> None:
        """A part of the request target."""
        self.url += url

    def on_status(self, reason: bytes) -> None:
        """A part of the reason phrase."""
        self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field, of the head or, behind the body, of the trailer section."""
        self._section.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._section = self.trailers

    def on_message_begin(self) -> None:
        """A message begins: only one may."""
        if self.complete:
            raise Malformed("bytes follow its end")

    def on_message_complete(self) -> None:
        """The message ended."""
        self.complete = True


class ChunkedBody:
    """The rest of a chunked message, read by the parser that has read its head.

    Attributes:
        complete: Whether the last chunk and the trailer section are in.
        overrun: Whether bytes came behind the end of the message: the connection must not be used again.
    """

    __slots__ = ("_collector", "_limits", "_parser", "_quiet", "complete", "overrun")

    def __init__(self, parser: Parser, collector: _Collector, limits: Limits) -> None:
        self._parser, self._collector, self._limits = parser, collector, limits
        self._quiet = 0
        self.complete = self.overrun = False

    @property
    def trailers(self) -> tuple[Field, ...]:
        """Trailer fields; complete once the body is."""
        return tuple(self._collector.trailers)

    def feed(self, received: bytes) -> bytes:
        """Reads more; answers the bytes of the body in it.

        Raises:
            Malformed: When the chunks are broken, or sizes, extensions and trailers are longer than a head may be.
        """
        collector = self._collector
        try:
            self._parser.feed_data(received)
        except httptools.HttpParserUpgrade as upgrade:
            self.overrun = upgrade.args[0] < len(received)
        except httptools.HttpParserError:
            if not collector.complete:
                raise Malformed("its chunks are broken") from None
            self.overrun = True
        self.complete = collector.complete
        if collector.trailers:
            _check_count(collector.trailers, self._limits)
        chunks = collector.chunks
        if not chunks:
            self._quiet += len(received)
            if self._quiet > self._limits.head_bytes:
                raise Malformed("its chunks are mostly framing")
            return b""
        self._quiet = 0
        chunk = b"".join(chunks)
        chunks.clear()
        return chunk


ReadRequest = tuple[RequestHead, bytes, ChunkedBody | None]
"""A head, its target URL, and the reader of a chunked body behind it."""


def find_end(buffer: bytes | bytearray, searched: int = 0) -> int:
    """Index behind the blank line that ends a head, or -1."""
    at = buffer.find(b"\r\n\r\n", searched - 3 if searched > 3 else 0)  # noqa: PLR2004  (all but the last byte of a blank line)
    return -1 if at < 0 else at + 4


def has_bare_line_end(raw: bytes | bytearray) -> bool:
    """Whether a line ends in LF alone, or a CR stands alone; a CR at the very end may still be followed by its LF."""
    told = raw[:-1] if raw.endswith(b"\r") else raw
    unended = bool(told) and not told.endswith((b"\r", b"\n"))
    return len(told.splitlines()) - unended != told.count(b"\r\n")  # any CR or LF beside those makes one line more


def read_request(raw: bytes, limits: Limits) -> ReadRequest:
    """Reads the head of a request, strictly.

    Args:
        raw: From the request line to the blank line.
        limits: Bounds.

    Returns:
        The head, the value of its ``X-AS-Target-URL``, empty when there is none, and the reader of its body when that is chunked.

    Raises:
        Malformed: For anything that two readers could frame or route in two ways.
        MethodRefused, UpgradeRefused: For what is another protocol than HTTP.

    Source: RFC 9112; llhttp in strict mode does the grammar.
    """
    collector = _Collector()
    parser = httptools.HttpRequestParser(collector)
    upgraded = _feed(parser, raw)
    _check_count(collector.fields, limits)
    index = _indexed(collector.fields)
    method = parser.get_method().decode("ascii") if collector.complete or collector.url else ""
    if upgraded:
        _refuse_upgrade(method, index)
    version = parser.get_http_version()
    if version not in ("1.1", "1.0") or not method:
        raise Malformed("it is not HTTP/1.1")
    http10 = version == "1.0"
    framing = _framing(_joined(index, b"transfer-encoding"), _joined(index, b"content-length"))
    if framing.chunked and http10:
        raise Malformed("HTTP/1.0 knows no chunks")
    urls = index.pop(_TARGET_URL, [])
    if len(urls) > 1:
        raise Malformed(f"its {TARGET_URL} field is repeated")
    fields = [field for field in collector.fields if field[0].lower() != _TARGET_URL] if urls else collector.fields
    target = _origin_form(collector.url, index, http10=http10)
    keep = not http10 and not _closes(_joined(index, b"connection"))
    has_body = framing.chunked or bool(framing.length)
    head = RequestHead(method, target, tuple(fields), index, framing, keep, http10, has_body)
    return head, urls[0] if urls else b"", ChunkedBody(parser, collector, limits) if framing.chunked else None


def read_answer(raw: bytes, limits: Limits) -> tuple[AnswerHead, ChunkedBody | None]:
    """Reads the head of an answer, strictly.

    Args:
        raw: From the status line to the blank line.
        limits: Bounds.

    Returns:
        The head, and the reader of its body when that is chunked.

    Raises:
        Malformed
    """
    collector = _Collector()
    parser = httptools.HttpResponseParser(collector)
    if _feed(parser, raw):
        raise Malformed("it changes to another protocol")
    _check_count(collector.fields, limits)
    version = parser.get_http_version()
    index = joined(collector.fields)
    framing = _framing(index.get(b"transfer-encoding"), index.get(b"content-length"))
    if version not in ("1.1", "1.0") or (framing.chunked and version == "1.0"):
        raise Malformed("it is not HTTP/1.1")
    status = parser.get_status_code()
    if status < _LOWEST_STATUS:
        raise Malformed("its status code is none")
    if _CONTROL.search(collector.reason):
        raise Malformed("its reason phrase holds control characters")
    keep = version == "1.1" and (b"connection" not in index or not _closes(index[b"connection"]))
    head = AnswerHead(status, collector.reason, tuple(collector.fields), index, framing, keep)
    return head, ChunkedBody(parser, collector, limits) if framing.chunked else None


def _feed(parser: Parser, raw: bytes) -> bool:
    """Parses a head; says whether it asks for another protocol."""
    if has_bare_line_end(raw):
        raise Malformed("its lines do not end in CR LF")
    try:
        parser.feed_data(raw)
    except httptools.HttpParserUpgrade:
        return True
    except httptools.HttpParserError as failure:
        if isinstance(failure.__context__, Malformed):
            raise failure.__context__ from None
        raise Malformed("its grammar is broken") from None
    return False


def _check_count(section: list[Field], limits: Limits) -> None:
    if len(section) > limits.fields:
        raise Malformed(f"it has more than {limits.fields} header fields")


def _indexed(fields: list[Field]) -> Index:
    index: Index = {}
    for name, value in fields:
        index.setdefault(name.lower(), []).append(value)
    return index


def _joined(index: Index, name: bytes) -> bytes | None:
    values = index.get(name)
    return None if values is None else b",".join(values)


def _closes(connection: bytes | None) -> bool:
    """Whether ``Connection`` says close. llhttp cannot be asked: it forgets that at the end of a message."""
    return connection is not None and connection.lower().find(b"close") >= 0  # "in" tries a number first, and raises within


def _framing(codings: bytes | None, length: bytes | None) -> Framing:
    """Of all values of the two fields, joined by commas: no repeated one reads as ``chunked`` or as a number."""
    if codings is not None:
        if length is not None or codings.lower() != _CHUNKED:
            raise Malformed("its length is given in two ways or in an unknown coding")
        return _IN_CHUNKS
    if length is None:
        return _UNTOLD
    if not length.isdigit() or len(length) > _LONGEST_NUMBER:
        raise Malformed("its Content-Length is repeated or not a number")
    return Framing(int(length), chunked=False)


def _origin_form(target: bytes, index: Index, *, http10: bool) -> bytes:
    """The target without the authority that absolute form repeats (RFC 9112 §3.2); it must be the one that ``Host`` names."""
    hosts = index.get(b"host", [])
    if len(hosts) > 1 or (not hosts and not http10):
        raise Malformed("its Host field is missing or repeated")
    if target.startswith(b"/") or target == b"*":
        return target
    authority, slash, path = target[len(_SCHEME) :].partition(b"/")
    if target[: len(_SCHEME)].lower() != _SCHEME or not hosts or authority.lower() != hosts[0].lower():
        raise Malformed("its target names another host")
    return slash + path or b"/"


def _refuse_upgrade(method: str, index: Index) -> None:
    """An offer of HTTP/2 in clear text may be ignored (RFC 9110 §7.8), and is; anything else cannot be answered as asked."""
    if method == "CONNECT":
        raise MethodRefused(method=method)
    if any(value.strip().lower() != b"h2c" for value in index.get(b"upgrade", [])):
        raise UpgradeRefused
