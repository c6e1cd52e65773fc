"""The answer of a call, values taken out, as it streams to the agent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from itertools import chain

from agentsecrets.errors import AgentSecretsError, UndecodableResponse, UpstreamProtocol
from agentsecrets.model.call import Field
from agentsecrets.model.event import Outcome
from agentsecrets.ports import UpstreamAnswer
from agentsecrets.proxy.fields import from_upstream, value_of
from agentsecrets.redact import Matcher, Redactor, SplitOverEvents, redact_whole
from agentsecrets.wire import headers

WHOLE_LIMIT = 64 * 1024
"""Bodies shorter than this, in bytes, with a length, are scanned before the head leaves."""

_BODILESS = frozenset({204, 304})

Close = Callable[[Outcome, str, int], Awaitable[None]]
"""Records how the call ended: outcome, slug, redactions. Only the first time counts."""


class Reply:
    """What an agent gets back.

    Attributes:
        status: Status of the upstream.
        reason: Reason phrase, redacted.
        fields: Header fields, redacted.
        length: Bytes of the body when known.
        redactions: Marks so far; complete once the body has ended.
        trailers: Trailer fields, redacted; complete once the body has ended.
    """

    def __init__(self, answer: UpstreamAnswer, matcher: Matcher | None, domain: str, *, head_only: bool, close: Close) -> None:
        self._answer, self._matcher, self._domain, self._close = answer, matcher, domain, close
        self._bodiless = head_only or answer.status in _BODILESS
        self._whole: bytes | None = None
        self.status = answer.status
        self.redactions = 0
        self.reason = self._redacted(answer.reason)
        self.fields = self._redacted_fields(from_upstream(answer.fields, injected=matcher is not None))
        self.trailers: tuple[Field, ...] = ()
        self.length: int | None = None

    async def prepare(self) -> None:
        """Decides on the body's length; a short body is read and scanned whole.

        Raises:
            UndecodableResponse: For a coding that cannot be searched.
        """
        coding = value_of(self._answer.fields, b"content-encoding")
        if self._matcher is not None and coding not in (b"", b"identity") and not self._bodiless:
            raise UndecodableResponse(domain=self._domain)
        given = value_of(self._answer.fields, b"content-length")
        declared = int(given) if given.isdigit() else None
        if self._bodiless or self._matcher is None:
            self.length = declared
        elif declared is not None and declared < WHOLE_LIMIT:
            parts = [part async for part in self._answer.body()]
            self._whole = self._redacted(b"".join(parts))
            self.length = len(self._whole)
            self.fields = (*self.fields, (headers.REDACTED.encode(), str(self.redactions).encode()))

    async def body(self) -> AsyncGenerator[bytes, None]:
        """The body, redacted; its end, a failure, or being abandoned is recorded."""
        outcome: Outcome = "cancelled"
        reason = ""
        try:
            async for chunk in self._released():
                yield chunk
            self.trailers = self._redacted_fields(self._answer.trailers)
            outcome = "ok"
        except SplitOverEvents:
            outcome, reason = "failed", "split_over_events"
            raise UpstreamProtocol(domain=self._domain, problem="a value was split over two events") from None
        except AgentSecretsError as failure:
            outcome, reason = "failed", failure.slug
            raise
        finally:
            await self._answer.close()
            await self._close(outcome, reason, self.redactions)

    async def close(self) -> None:
        """Ends a reply whose body was not read to its end; safe to call at any time and more than once."""
        await self._answer.close()
        await self._close("cancelled", "", self.redactions)

    async def _released(self) -> AsyncIterator[bytes]:
        if self._whole is not None:
            if self._whole:
                yield self._whole
            return
        if self._matcher is None:
            async for chunk in self._answer.body():
                yield chunk
            return
        events = value_of(self._answer.fields, b"content-type").startswith(b"text/event-stream")
        redactor = Redactor(self._matcher, events=events)
        before = self.redactions
        async for chunk in self._answer.body():
            released = redactor.feed(chunk)
            self.redactions = before + redactor.hits
            if released:
                yield released
        released = redactor.flush()
        self.redactions = before + redactor.hits
        if released:
            yield released

    def _redacted(self, text: bytes) -> bytes:
        if self._matcher is None:
            return text
        redacted, hits = redact_whole(self._matcher, text)
        self.redactions += hits
        return redacted

    def _redacted_fields(self, fields: tuple[Field, ...]) -> tuple[Field, ...]:
        """Values are marked; a field whose very name holds a value is left out, because the mark is no field name."""
        if self._matcher is None or not self._matcher.suspects(b"\0".join(chain.from_iterable(fields))):
            return fields  # nearly always: one search for all of them
        before = [(name, self._redacted(name), self._redacted(value)) for name, value in fields]
        return tuple((name, value) for name, redacted, value in before if name == redacted)
