"""What of a request is written at once, and what piece by piece."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from agentsecrets.ports import Outbound
from agentsecrets.wire.lines import section

_EXPECT_A_BODY = frozenset({"POST", "PUT", "PATCH"})

_NO_BODY = b"Content-Length: 0\r\n"
"""The framing of a request without a body whose method lets one expect one (RFC 9110 §8.6)."""

_LARGE = 64 * 1024
"""Bytes of a request's body that the kernel may not take at once."""


def is_large(outbound: Outbound) -> bool:
    """Whether the answer can be there before all of the request was written."""
    body = outbound.body
    length = len(body) if isinstance(body, bytes) else outbound.length
    return body is not None and (length is None or length > _LARGE)


def parts(outbound: Outbound) -> tuple[AsyncIterator[bytes], int | None] | None:
    """A body that is not sent together with its head, and its length: one that streams, or one that the kernel may not take at once."""
    body = outbound.body
    if not isinstance(body, bytes):
        return None if body is None else (body, outbound.length)
    return (_pieces(body), len(body)) if is_large(outbound) else None


async def _pieces(body: bytes) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(body), _LARGE):
        yield body[start : start + _LARGE]


def request_bytes(outbound: Outbound) -> bytes:
    """Head of a request, and its body when that is at hand and short.

    Raises:
        BadHeader: When the request line would be two; the lines of the fields were judged when they were made.
    """
    body = outbound.body
    line = section([b"%b %b HTTP/1.1" % (outbound.method.encode(), outbound.request_target)])
    if body is None:
        return b"%b%b%b\r\n" % (line, outbound.section, _NO_BODY if outbound.method in _EXPECT_A_BODY else b"")
    length = len(body) if isinstance(body, bytes) else outbound.length
    framing = b"Transfer-Encoding: chunked" if length is None else b"Content-Length: %d" % length
    head = b"%b%b%b\r\n\r\n" % (line, outbound.section, framing)
    return head + body if isinstance(body, bytes) and not is_large(outbound) else head
