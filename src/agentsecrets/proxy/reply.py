"""The answer of a call, values taken out, as it streams to the agent."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Protocol

from agentsecrets.errors import AgentSecretsError, EchoEnclosed, UndecodableResponse, UpstreamProtocol
from agentsecrets.model.call import Field
from agentsecrets.model.event import Outcome
from agentsecrets.ports import UpstreamAnswer
from agentsecrets.proxy.clearing import Clearing
from agentsecrets.proxy.codings import LONGEST_MAGIC, Undecodable, sniffed
from agentsecrets.proxy.cookies import of_host
from agentsecrets.proxy.enclosed import Enclosed
from agentsecrets.proxy.fields import from_trailers, from_upstream
from agentsecrets.proxy.passage import Passage, Receiver
from agentsecrets.redact import Matcher, SplitOverEvents, redact_whole
from agentsecrets.wire import headers

WHOLE_LIMIT = 64 * 1024
"""Bodies shorter than this, in bytes, with a length, are scanned before the head leaves."""

DECODED_LIMIT = 1024 * 1024
"""Unless they become longer than this by decoding."""

_BODILESS = frozenset({204, 304})
_REDACTED = headers.REDACTED.encode()


class Close(Protocol):
    """Records how a call ended. Only the first time counts."""

    def __call__(self, outcome: Outcome, reason: str, redactions: int) -> Awaitable[None]:
        """Records it at once; it is on disk once it was waited for.

        Args:
            outcome: How.
            reason: Slug of the failure, empty for none.
            redactions: How many values were taken out.
        """
        ...

    def done(self, redactions: int) -> None:
        """Records that it went well, for somebody who does not wait: the answer has gone."""
        ...


class Reply:
    """What an agent gets back.

    Attributes:
        status: Status of the upstream.
        reason: Reason phrase, redacted.
        fields: Header fields, redacted.
        length: Bytes of the body when known.
        whole: The body, redacted, when it was short enough to be read at once.
        redactions: Marks; complete once the body has ended.
        trailers: Trailer fields, redacted; complete once the body has ended.
        ended: Whether it was sent whole, and how that went is recorded.
    """

    ended = False
    length: int | None = None
    whole: bytes | None = None
    redactions = 0
    trailers: tuple[Field, ...] = ()
    _clearing: Clearing | None = None
    _pieces: Iterator[bytes] | None = None

    def __init__(self, answer: UpstreamAnswer, matcher: Matcher | None, domain: str, *, head_only: bool, close: Close) -> None:
        self._answer, self._matcher, self._domain, self._close = answer, matcher, domain, close
        self._bodiless = head_only or answer.status in _BODILESS
        self.status = answer.status
        fields = from_upstream(answer, injected=matcher is not None)
        if b"set-cookie" in answer.index:
            fields = of_host(fields, domain)
        self.reason, self.fields = answer.reason, [*fields]
        if matcher is not None and matcher.suspects(b"\0".join((self.reason, *chain.from_iterable(self.fields)))):
            (_, self.reason), *self.fields = self._redacted_fields(((b"", self.reason), *self.fields))

    def prepared_at_once(self) -> bool:
        """Prepares what needs no more bytes of the answer, nor taking a coding off; says whether there is nothing more to do."""
        if self._bodiless or self._matcher is None:
            self.length = self._declared()
            return True
        body = self._answer.at_hand
        return body is not None and len(body) < WHOLE_LIMIT and self._passes_as_it_is(body)

    def _passes_as_it_is(self, body: bytes) -> bool:
        """Takes a body that is all there for the answer's, values taken out, if no coding has to be read; says whether."""
        if b"content-encoding" in self._answer.index or sniffed(body[:LONGEST_MAGIC]) is not None:
            return False
        self._is_whole(self._redacted(body))
        return True

    async def prepare(self) -> None:
        """Decides on the body's length; a short body is read and scanned whole.

        Raises:
            UndecodableResponse: For a coding that cannot be read.
            EchoEnclosed: When a compressed body that was not to be changed holds a value.
        """
        if self.prepared_at_once():
            return
        assert self._matcher is not None
        declared, index = self._declared(), self._answer.index
        short = declared is not None and declared < WHOLE_LIMIT
        codings = index.get(b"content-encoding", b"")
        body = await self._answer.whole() if short else b""
        if short and self._passes_as_it_is(body):
            await self._answer.close()
            return
        events = not short and index.get(b"content-type", b"").lower().startswith(b"text/event-stream")
        with self._named():
            self._clearing = Clearing(self._matcher, codings, events=events)
            if self._clearing.decodes:
                self.fields = [(name, value) for name, value in self.fields if name.lower() != b"content-encoding"]
            if short:
                self._clear_whole(self._clearing, body)
                await self._answer.close()

    def _declared(self) -> int | None:
        given = self._answer.index.get(b"content-length", b"")
        return int(given) if given.isdigit() else None

    def _clear_whole(self, clearing: Clearing, body: bytes) -> None:
        first, size = [], 0
        pieces = clearing.whole(body)
        for piece in pieces:
            first.append(piece)
            size += len(piece)
            if size > DECODED_LIMIT:
                self._pieces = chain(first, pieces)
                return
        self.redactions += clearing.hits
        self._clearing = None
        self._is_whole(b"".join(first))

    def _is_whole(self, body: bytes) -> None:
        self.whole, self.length = body, len(body)
        self.fields.append((_REDACTED, b"%d" % self.redactions))

    async def pass_on(self, receiver: Receiver) -> None:
        """Hands the body over, redacted; its end, a failure, or being abandoned is recorded.

        Raises:
            UpstreamUnreachable, UpstreamTimeout, UpstreamProtocol, UndecodableResponse, EchoEnclosed: What came before is handed over.
        """
        outcome: Outcome = "cancelled"
        reason = ""
        try:
            await self._hand_over(receiver)
            self.trailers = self._redacted_fields(from_trailers(self._answer, injected=self._matcher is not None))
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

    def sent(self) -> None:
        """Ends a reply whose ``whole`` body was handed on."""
        self.ended = True
        self._close.done(self.redactions)

    async def close(self) -> None:
        """Ends a reply whose body was not read to its end; safe to call at any time and more than once."""
        if not self.ended:
            await self._answer.close()
            await self._close("cancelled", "", self.redactions)

    async def _hand_over(self, receiver: Receiver) -> None:
        if self.whole is not None:
            if not receiver.put(self.whole):
                await receiver.passed()
        elif self._clearing is not None:
            await self._clear(self._clearing, receiver)
        elif self._matcher is None:  # else it has no body
            while not await self._answer.pour(receiver.put):
                await receiver.passed()

    async def _clear(self, clearing: Clearing, receiver: Receiver) -> None:
        before, passage = self.redactions, Passage(clearing, receiver)
        with self._named():
            try:
                await (passage.pass_on(self._answer) if self._pieces is None else passage.pass_pieces(self._pieces))
            finally:
                self.redactions = before + clearing.hits

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except Undecodable:
            raise UndecodableResponse(domain=self._domain) from None
        except Enclosed:
            self.redactions += 1
            raise EchoEnclosed(domain=self._domain) from None

    def _redacted(self, text: bytes) -> bytes:
        if self._matcher is None or not self._matcher.suspects(text):
            return text
        redacted, hits = redact_whole(self._matcher, text)
        self.redactions += hits
        return redacted

    def _redacted_fields(self, fields: tuple[Field, ...]) -> tuple[Field, ...]:
        """Values are marked; a field whose very name holds a value is left out, because the mark is no field name."""
        before = [(name, self._redacted(name), self._redacted(value)) for name, value in fields]
        return tuple((name, value) for name, redacted, value in before if name == redacted)
