"""Heads of messages, and the strict reading that comes before the parser."""

from __future__ import annotations

from dataclasses import dataclass

import httptools

from agentsecrets.model.call import Field
from agentsecrets.network.http1.limits import Limits

_CHUNKED = b"chunked"
_LONGEST_NUMBER = 18


class Malformed(Exception):
    """A head that does not hold; its words are ours and may be shown."""


@dataclass(frozen=True, slots=True)
class Framing:
    """How long a body is: a number of bytes, chunked, or (neither) nothing for requests and until close for answers."""

    length: int | None
    chunked: bool


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The head of a request.

    Attributes:
        method: As sent.
        target: Request target as sent.
        fields: All header fields in order.
        framing: How long the body is.
        keep_alive: Whether the connection may serve another request.
        http10: Whether the client speaks HTTP/1.0, to which chunks cannot be sent.
    """

    method: str
    target: bytes
    fields: tuple[Field, ...]
    framing: Framing
    keep_alive: bool
    http10: bool

    @property
    def has_body(self) -> bool:
        """Whether body bytes follow."""
        return self.framing.chunked or bool(self.framing.length)

    def get(self, name: bytes) -> list[bytes]:
        """All values of a field; the name in lower case."""
        return [value for key, value in self.fields if key.lower() == name]


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """The head of an answer."""

    status: int
    reason: bytes
    fields: tuple[Field, ...]
    framing: Framing
    keep_alive: bool


class Collector:
    """Receives what llhttp reads."""

    def __init__(self) -> None:
        self.url = b""
        self.reason = b""
        self.fields: list[Field] = []
        self.complete = False
        self.chunks: list[bytes] = []
        self.trailers: list[Field] = []
        self._in_body = False

    def on_url(self, url: bytes) -> None:
        """A part of the request target."""
        self.url += url

    def on_status(self, reason: bytes) -> None:
        """A part of the reason phrase."""
        self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field, of the head or, behind the body, of the trailer section."""
        (self.trailers if self._in_body else self.fields).append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_body = True

    def on_body(self, chunk: bytes) -> None:
        """Bytes of a chunked body."""
        self.chunks.append(chunk)

    def on_message_begin(self) -> None:
        """A message begins: only one may."""
        if self.complete:
            raise Malformed("bytes follow the end of the body")

    def on_message_complete(self) -> None:
        """The message ended."""
        self.complete = True


def find_end(buffer: bytearray, searched: int) -> int:
    """Index behind the blank line that ends a head, or -1."""
    at = buffer.find(b"\r\n\r\n", max(0, searched - 3))
    return -1 if at < 0 else at + 4


def read_request(raw: bytes, limits: Limits) -> tuple[RequestHead, httptools.HttpRequestParser, Collector]:
    """Reads the head of a request, strictly.

    Raises:
        Malformed: For anything that two readers could frame in two ways.

    Source: RFC 9112; llhttp in strict mode does the grammar.
    """
    collector = Collector()
    parser = httptools.HttpRequestParser(collector)
    _feed(parser, raw)
    version = parser.get_http_version()
    if version not in ("1.1", "1.0"):
        raise Malformed("it is not HTTP/1.1")
    framing = _framing(collector.fields, limits)
    _refuse_repeated(collector.fields, (b"host", b"transfer-encoding"))
    http10 = version == "1.0"
    if http10 and framing.chunked:
        raise Malformed("HTTP/1.0 knows no chunks")
    keep = bool(parser.should_keep_alive()) and not http10
    method = parser.get_method().decode("ascii")
    return RequestHead(method, collector.url, tuple(collector.fields), framing, keep, http10), parser, collector


def read_answer(raw: bytes, limits: Limits) -> tuple[AnswerHead, httptools.HttpResponseParser, Collector]:
    """Reads the head of an answer, strictly.

    Raises:
        Malformed
    """
    collector = Collector()
    parser = httptools.HttpResponseParser(collector)
    _feed(parser, raw)
    framing = _framing(collector.fields, limits)
    _refuse_repeated(collector.fields, (b"transfer-encoding",))
    keep = bool(parser.should_keep_alive()) and parser.get_http_version() == "1.1"
    return AnswerHead(parser.get_status_code(), collector.reason, tuple(collector.fields), framing, keep), parser, collector


def feed_chunked(parser: httptools.HttpRequestParser | httptools.HttpResponseParser, collector: Collector, received: bytes) -> list[bytes]:
    """Reads more of a chunked body; answers its bytes.

    Raises:
        Malformed
    """
    _parse(parser, received)
    chunks, collector.chunks = collector.chunks, []
    return chunks


def _feed(parser: httptools.HttpRequestParser | httptools.HttpResponseParser, raw: bytes) -> None:
    if raw.count(b"\n") != raw.count(b"\r\n") or raw.count(b"\r") != raw.count(b"\n"):
        raise Malformed("its lines do not end in CR LF")
    _parse(parser, raw)


def _parse(parser: httptools.HttpRequestParser | httptools.HttpResponseParser, received: bytes) -> None:
    try:
        parser.feed_data(received)
    except httptools.HttpParserUpgrade:
        raise Malformed("it asks for another protocol") from None
    except httptools.HttpParserError as failure:
        if isinstance(failure.__context__, Malformed):
            raise failure.__context__ from None
        raise Malformed("its grammar is broken") from None


def _framing(fields: list[Field], limits: Limits) -> Framing:
    if len(fields) > limits.fields:
        raise Malformed(f"it has more than {limits.fields} header fields")
    lengths = [value for name, value in fields if name.lower() == b"content-length"]
    codings = [value for name, value in fields if name.lower() == b"transfer-encoding"]
    if codings and (lengths or codings[-1].lower() != _CHUNKED):
        raise Malformed("its length is given in two ways or in an unknown coding")
    if len(lengths) > 1 or any(not length.isdigit() or len(length) > _LONGEST_NUMBER for length in lengths):
        raise Malformed("its Content-Length is repeated or not a number")
    return Framing(int(lengths[0]) if lengths else None, bool(codings))


def _refuse_repeated(fields: list[Field], names: tuple[bytes, ...]) -> None:
    for name in names:
        if sum(field.lower() == name for field, _ in fields) > 1:
            raise Malformed(f"its {name.decode()} field is repeated")
