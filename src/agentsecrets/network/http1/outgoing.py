"""What of a request is written at once, and what piece by piece."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from agentsecrets.model.call import Field
from agentsecrets.network.http1.writing import head_bytes
from agentsecrets.ports import Outbound

_EXPECT_A_BODY = frozenset({"POST", "PUT", "PATCH"})

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
    """Head of a request, and its body when that is at hand and short. ``Host`` stands first (RFC 9110 §7.2)."""
    body = outbound.body
    fields: list[Field] = [(b"Host", outbound.target.authority.encode()), *outbound.fields]
    if body is None:
        if outbound.method in _EXPECT_A_BODY:
            fields.append((b"Content-Length", b"0"))
    elif isinstance(body, bytes):
        fields.append((b"Content-Length", b"%d" % len(body)))
    elif outbound.length is not None:
        fields.append((b"Content-Length", b"%d" % outbound.length))
    else:
        fields.append((b"Transfer-Encoding", b"chunked"))
    head = head_bytes(b"%b %b HTTP/1.1" % (outbound.method.encode(), outbound.request_target), fields)
    return head + body if isinstance(body, bytes) and not is_large(outbound) else head
