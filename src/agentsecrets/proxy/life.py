"""One call while it lives, and what the log is told of it."""

from __future__ import annotations

from collections.abc import Awaitable, Generator

import msgspec
from msgspec.structs import replace

from agentsecrets.model.call import Call
from agentsecrets.model.event import Event, Outcome
from agentsecrets.ports import AuditSink, Clock, Standing
from agentsecrets.proxy.ways import Way


class _Nothing:
    """What there is to wait for where nobody waits."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


_NOTHING = _Nothing()


class Life(msgspec.Struct, eq=False):
    """One call from its beginning to its end, which is recorded once. It is the ``reply.Close`` of its answer.

    Attributes:
        call: What is asked.
        id: The log id.
        began_ms: When it began, in Unix milliseconds.
        started: The same by the monotonic clock.
        audit: Where its outcome goes.
        clock: Time.
        alive: The calls that live; this one leaves them at its end.
        standing: What the workspace allowed when it was authorized.
        intent: What the log was told before anything was sent.
        forwarded: When the request left, by the monotonic clock; 0 before.
        status: Status of the upstream's answer, 0 before.
        ended: What to wait for to have its outcome on disk, nothing where nobody waits; None before its end.
    """

    call: Call
    id: str
    began_ms: int
    started: float
    audit: AuditSink
    clock: Clock
    alive: set[Life]
    standing: Standing | None = None
    intent: Event | None = None
    forwarded: float = 0.0
    status: int = 0
    ended: Awaitable[None] | None = None

    def __call__(self, outcome: Outcome, reason: str, redactions: int) -> Awaitable[None]:
        """Ends the call, once; the outcome is on disk once it was waited for."""
        if self.ended is None:
            self.alive.discard(self)
            self.ended = self.audit.record(self._outcome(outcome, reason, redactions))
        return self.ended

    def done(self, redactions: int) -> None:
        """Ends a call that went well, once, for somebody who does not wait."""
        if self.ended is None:
            self.alive.discard(self)
            self.ended = _NOTHING
            self.audit.note(self._outcome("ok", "", redactions))

    def intended(self, way: Way | None = None) -> Event:
        """What the log is told before anything is sent.

        Args:
            way: The way that the call goes, where another has gone it before.
        """
        call, template, standing = self.call, self.call.template, self.standing
        spent_ms = (self.clock.monotonic() - self.started) * 1000
        if way is not None:
            return replace(way.intent, id=self.id, time_ms=self.began_ms, path=call.target.path, duration_ms=spent_ms, proxy_ms=spent_ms)
        return Event(
            id=self.id,
            phase="intent",
            time_ms=self.began_ms,
            workspace_id=template.place.workspace_id,
            project_id=template.place.project_id,
            environment=template.place.environment,
            agent_id=template.caller.name,
            identity_level=template.caller.level,
            token_id=template.caller.token_id,
            secret_keys=tuple(injection.key for injection in template.injections),
            auth_styles=tuple(injection.style for injection in template.injections),
            method=template.method,
            scheme=call.target.scheme,
            domain=call.target.host,
            port=call.target.port,
            path=call.target.path,
            duration_ms=spent_ms,
            proxy_ms=spent_ms,
            allowlist_hash=standing.allowlist.digest if standing else "",
            caller_role=standing.role if standing else "",
            resolution_path=template.resolution_path,
        )

    def _outcome(self, outcome: Outcome, reason: str, redactions: int) -> Event:
        now = self.clock.monotonic()
        return replace(
            self.intent or self.intended(),
            phase="outcome",
            time_ms=self.clock.now_ms(),
            status_code=self.status,
            duration_ms=(now - self.started) * 1000,
            proxy_ms=((self.forwarded or now) - self.started) * 1000,
            outcome=outcome,
            reason=reason,
            redactions=redactions,
        )
