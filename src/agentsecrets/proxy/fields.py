"""Header fields that end at the proxy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import compress

from agentsecrets.model.call import Field, joined
from agentsecrets.ports import UpstreamAnswer

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A field name (RFC 9110 §5.1, §5.6.2)."""

HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"proxy-connection", b"http2-settings"}
)
"""Fields that speak of one connection only (RFC 9110 §7.6.1)."""

NEVER_FROM_AGENTS = HOP_BY_HOP | frozenset(
    {
        b"host", b"content-length", b"expect", b"forwarded", b"via", b"x-http-method-override", b"x-http-method", b"x-method-override",
        b"x-original-url", b"x-rewrite-url", b"x-original-host", b"x-host",
    }
)  # fmt: skip
"""Fields that the transport writes, or that would steer a request past what was decided on."""

SLICING = frozenset(
    {b"range", b"if-range", b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since", b"accept-encoding"}
)
"""Fields that would cut or code an echo of the value; dropped on calls with an injection."""

_OF_THE_BODY = frozenset({b"etag", b"content-md5", b"digest", b"repr-digest", b"content-digest", b"accept-ranges", b"last-modified"})
"""Fields that vouch for bytes which redaction may change; dropped from answers of calls with an injection."""


_NEVER_FROM_AGENTS_INJECTED = NEVER_FROM_AGENTS | SLICING
_NEVER_TO_AGENTS = HOP_BY_HOP | {b"content-length", b"alt-svc"}
_NEVER_TO_AGENTS_INJECTED = _NEVER_TO_AGENTS | _OF_THE_BODY
_NOT_IN_TRAILERS = frozenset({b"set-cookie", b"content-type", b"location"})
"""Fields that change what a message means come too late behind it (RFC 9110 §6.5.1)."""
_OURS = (b"x-as-", b"proxy-", b"x-forwarded-")


def from_agent(fields: Sequence[Field], *, injected: bool) -> tuple[Field, ...]:
    """The agent's own fields, as far as they travel on."""
    dropped = _NEVER_FROM_AGENTS_INJECTED if injected else NEVER_FROM_AGENTS
    return _without(fields, joined(fields).get(b"connection"), dropped)


def from_upstream(answer: UpstreamAnswer, *, injected: bool) -> tuple[Field, ...]:
    """The upstream's fields, as far as they travel on."""
    dropped = _NEVER_TO_AGENTS_INJECTED if injected else _NEVER_TO_AGENTS
    return _without(answer.fields, answer.index.get(b"connection"), dropped)


def from_trailers(answer: UpstreamAnswer, *, injected: bool) -> tuple[Field, ...]:
    """The upstream's trailer fields, as far as they travel on."""
    dropped = _NEVER_TO_AGENTS_INJECTED if injected else _NEVER_TO_AGENTS
    return _without(answer.trailers, None, dropped | _NOT_IN_TRAILERS) if answer.trailers else ()


def _without(fields: Sequence[Field], connection: bytes | None, dropped: frozenset[bytes]) -> tuple[Field, ...]:
    return tuple(compress(fields, _travelling(tuple([name for name, _ in fields]), connection, dropped)))


@lru_cache(maxsize=64)
def _travelling(names: tuple[bytes, ...], connection: bytes | None, dropped: frozenset[bytes]) -> list[bool]:
    """Which fields travel on, by their names alone: the same ones come with every message."""
    if connection is not None:
        dropped = dropped.union([name.strip() for name in connection.lower().split(b",")])
    read = [as_gateways_read(name) for name in names]
    return [name not in dropped and not name.startswith(_OURS) for name in read]


@lru_cache(maxsize=128)
def names_as_read(fields: tuple[Field, ...]) -> frozenset[bytes]:
    """The names of all fields, as gateways read them."""
    return frozenset([as_gateways_read(name) for name, _ in fields])


def as_gateways_read(name: bytes) -> bytes:
    """A field name in lower case with dashes for underscores: servers behind a gateway cannot tell the two apart (RFC 3875 §4.1.18)."""
    return name.lower().replace(b"_", b"-")
