"""The one place where values are written into a request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Literal

import msgspec

from agentsecrets.crypto.value import Value
from agentsecrets.errors import BadBody
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.binding import Binding
from agentsecrets.model.call import Call, Field, Injection, joined
from agentsecrets.model.secret import KeyName
from agentsecrets.ports import Body, Clock, Outbound, Standing
from agentsecrets.proxy.matchers import Matchers
from agentsecrets.proxy.styles import STYLES
from agentsecrets.proxy.styles.style import Draft
from agentsecrets.redact import Matcher
from agentsecrets.wire.lines import lines_of

BODY_LIMIT = 10 * 1024 * 1024
"""Longest body, in bytes, that a value is written into."""

_CONTENT_TYPES = {"json": b"application/json", "form": b"application/x-www-form-urlencoded"}


class Permit(msgspec.Struct, frozen=True):
    """A call that every rule has passed, and what they judged it by; only ``Engine`` makes one."""

    call: Call
    standing: Standing
    allowed: AllowedHost
    bindings: Mapping[KeyName, Binding]


class Credentials(msgspec.Struct, frozen=True):
    """The opened values of a permitted call, in the order of its injections, each with the binding that lets it go there."""

    permit: Permit
    values: tuple[tuple[Injection, Binding, Value], ...]

    def __repr__(self) -> str:
        return "<Credentials>"


class Injected(msgspec.Struct, frozen=True):
    """A request ready to go, and what must not come back."""

    outbound: Outbound
    matcher: Matcher | None

    def __repr__(self) -> str:
        return "<Injected>"


class Injector:
    """Writes values into requests; keeps the matchers of values that were used lately.

    Args:
        clock: Time.
    """

    def __init__(self, clock: Clock) -> None:
        self._matchers = Matchers(clock)

    def sweep(self) -> None:
        """Drops the matchers of values that were not used lately."""
        self._matchers.sweep()

    async def inject(self, credentials: Credentials, body: Body, length: int | None) -> Injected:
        """Builds the request of a permitted call.

        Args:
            credentials: The opened values.
            body: The agent's body.
            length: Bytes of a streamed body when known.

        Raises:
            BadBody, BadInjection, ConflictingCredentials
        """
        call, allowed = credentials.permit.call, credentials.permit.allowed
        kind: Literal["", "json", "form"] = ""
        for injection, _, _ in credentials.values:
            kind = kind or STYLES[injection.style].body
        fields = list(call.fields)
        if kind:
            body = await _whole(body)
            fields = _with_content_type(fields, _CONTENT_TYPES[kind], empty=not body)
        draft = Draft(call.target.query, fields, body if isinstance(body, bytes) else None)
        became: list[bytes] = []
        for injection, _, value in credentials.values:
            became += STYLES[injection.style].write(draft, injection.slot, value.reveal())
        if credentials.values:
            draft.fields.append((b"Accept-Encoding", b"identity"))
        lines = lines_of([(b"Host", call.target.authority.encode()), *draft.fields])
        sent = draft.body if kind else body
        outbound = Outbound(call.target, allowed, call.method, request_target(call.target.path, draft.query), lines, sent, length)
        if not credentials.values:
            return Injected(outbound, None)
        slots, values = (call.place, tuple([(injection.style, injection.key) for injection in call.injections])), tuple(became)
        return Injected(outbound, self._matchers.known(slots, values) or await self._matchers.get(slots, values))


def request_target(path: str, query: str | None) -> bytes:
    """Path and query as the request line has them (RFC 9112 §3.2.1)."""
    return (path if query is None else f"{path}?{query}").encode("ascii")


async def _whole(body: Body) -> bytes:
    if body is None or isinstance(body, bytes):
        whole = body or b""
    else:
        whole = await _collect(body)
    if len(whole) > BODY_LIMIT:
        raise BadBody(problem="it is longer than 10 MiB")
    return whole


async def _collect(body: AsyncIterator[bytes]) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in body:
        size += len(part)
        if size > BODY_LIMIT:
            raise BadBody(problem="it is longer than 10 MiB")
        parts.append(part)
    return b"".join(parts)


def _with_content_type(fields: list[Field], wanted: bytes, *, empty: bool) -> list[Field]:
    given = joined(fields).get(b"content-type", b"").lower()
    essence = given.partition(b";")[0].strip()
    if essence == wanted or (wanted == b"application/json" and essence.endswith(b"+json")):
        return fields
    if given and not empty:
        raise BadBody(problem="its content type does not fit")
    return [(name, value) for name, value in fields if name.lower() != b"content-type"] + [(b"Content-Type", wanted)]
