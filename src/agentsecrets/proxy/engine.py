"""The life of a call, on one page: authorize, record the intent, resolve, inject, forward, redact, record the outcome.

Each stage wants what only the stage before it makes, so none can be left out. What authorizing, resolving and injecting came to is kept
for calls that are alike, and asked anew when anything that it hangs on is no longer the same (``ways``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from typing import NoReturn

import msgspec
from msgspec.structs import replace

from agentsecrets.crypto.value import Value
from agentsecrets.errors import AgentSecretsError, Busy, Denied, DomainNotInAllowlist, Missing, Misused, NotReady
from agentsecrets.model.binding import Binding, pin
from agentsecrets.model.call import Call, Injection
from agentsecrets.model.event import Event, Outcome, new_event_id
from agentsecrets.model.secret import KeyName
from agentsecrets.ports import AuditSink, Authority, Body, Clock, Opener, Standing, Upstream
from agentsecrets.proxy.inject import Credentials, Injected, Injector, Permit
from agentsecrets.proxy.reply import Reply
from agentsecrets.proxy.rules import RULES
from agentsecrets.proxy.rules.binding import mismatch
from agentsecrets.proxy.rules.rule import Circumstances
from agentsecrets.proxy.ways import Way, Ways

CONCURRENT_CALLS = 1_024

_REFUSALS = (Misused, NotReady, Denied, Missing)


class _Life(msgspec.Struct):
    """What the log needs to know of one call while it lives."""

    call: Call
    id: str
    began_ms: int
    started: float
    standing: Standing | None = None
    forwarded: float = 0.0
    status: int = 0
    intent: Event | None = None
    ended: Awaitable[None] | None = None


class _Nothing:
    """What there is to wait for where nobody waits."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


_NOTHING = _Nothing()


class Engine:
    """Runs calls.

    Args:
        authority: What the workspace allows.
        opener: The way to values.
        upstream: The world behind the proxy.
        audit: Where intents and outcomes go.
        clock: Time.
    """

    def __init__(self, authority: Authority, opener: Opener, upstream: Upstream, audit: AuditSink, clock: Clock) -> None:
        self._authority, self._opener, self._upstream, self._audit, self._clock = authority, opener, upstream, audit, clock
        self._injector, self._ways = Injector(), Ways(authority, opener)
        self.under_way = 0

    def forget(self) -> None:
        """Drops everything in memory that holds a value."""
        self._injector.forget()
        self._ways.forget()

    async def run(self, call: Call, body: Body, length: int | None) -> Reply:
        """Runs one call up to the head of its answer; the reply's body must then be read or closed.

        Args:
            call: What is asked.
            body: The agent's body.
            length: Bytes of a streamed body when known.

        Raises:
            AgentSecretsError: A refusal or failure; it is in the log already, under the id in ``subjects["event"]``.
        """
        began_ms = self._clock.now_ms()
        life = _Life(call, new_event_id(began_ms), began_ms, self._clock.monotonic())
        self.under_way += 1
        try:
            if self.under_way > CONCURRENT_CALLS:
                _refuse_one_more()
            way = self._ways.known(call)
            permit = await self._authorize(life) if way is None else None
            life.intent = self._intent(life, way)
            await self._audit.record(life.intent)
            if way is not None and self._ways.holds(way, call):
                injected = way.injected(call, body, length)
            else:
                injected = await self._injected(life, permit or await self._authorize(life), body, length)
            life.forwarded = self._clock.monotonic()
            answer = await self._upstream.send(injected.outbound)
            life.status = answer.status
            reply = Reply(answer, injected.matcher, call.target.host, head_only=call.template.method == "HEAD", close=_Ending(self, life))
            try:
                if not reply.prepared_at_once():
                    await reply.prepare()
            except BaseException:
                await answer.close()
                raise
        except AgentSecretsError as failure:
            failure.subjects["event"] = life.id
            outcome: Outcome = "blocked" if isinstance(failure, _REFUSALS) else "failed"
            await self.end(life, outcome, failure.slug, 0)
            raise
        except BaseException:
            await self.end(life, "cancelled", "", 0)
            raise
        reply.fields.append((b"X-AS-Event", life.id.encode()))
        return reply

    async def _authorize(self, life: _Life) -> Permit:
        call = life.call
        life.standing = self._authority.standing(call.place.workspace_id)
        bindings: dict[KeyName, Binding] = {}
        for injection in call.injections:
            bound = await self._authority.binding(call.place, injection.key)
            if bound is not None:
                bindings[injection.key] = bound
        allowed = life.standing.allowlist.find(call.target)
        circumstances = Circumstances(life.standing, allowed, bindings)
        for rule in RULES:
            refusal = rule.check(call, circumstances)
            if refusal is not None:
                raise refusal
        if allowed is None:
            raise DomainNotInAllowlist(domain=call.target.host_and_port)
        return Permit(call, allowed, bindings)

    async def _injected(self, life: _Life, permit: Permit, body: Body, length: int | None) -> Injected:
        credentials = await self._resolve(permit)
        injected = await self._injector.inject(credentials, body, length)
        if life.intent is not None and life.standing is not None:
            self._ways.keep(credentials, life.standing, life.intent, injected)
        return injected

    async def _resolve(self, permit: Permit) -> Credentials:
        call = permit.call
        opened = [await self._opener.open(call.place, injection.key) for injection in call.injections]
        values: list[tuple[Injection, Binding, Value]] = []
        for injection, value in zip(call.injections, opened, strict=True):
            bound = await self._authority.binding(call.place, injection.key)
            if bound is None:
                bound = await self._authority.pin(call.place, pin(call.target, injection))
            judged = bound is permit.bindings.get(injection.key)
            if not judged and not bound.permits(call.target, call.method, injection):
                raise mismatch(call, injection, bound)  # another call, or another injection of this one, was first
            values.append((injection, bound, value))
        return Credentials(permit, tuple(values))

    def end(self, life: _Life, outcome: Outcome, reason: str, redactions: int) -> Awaitable[None]:
        """Ends a call, once; the outcome is on disk once it was waited for."""
        if life.ended is None:
            self.under_way -= 1
            life.ended = self._audit.record(self._outcome(life, outcome, reason, redactions))
        return life.ended

    def done(self, life: _Life, redactions: int) -> None:
        """Ends a call that went well, once, for somebody who does not wait."""
        if life.ended is None:
            self.under_way -= 1
            life.ended = _NOTHING
            self._audit.note(self._outcome(life, "ok", "", redactions))

    def _outcome(self, life: _Life, outcome: Outcome, reason: str, redactions: int) -> Event:
        now = self._clock.monotonic()
        return replace(
            life.intent or self._intent(life),
            phase="outcome",
            time_ms=self._clock.now_ms(),
            status_code=life.status,
            duration_ms=(now - life.started) * 1000,
            proxy_ms=((life.forwarded or now) - life.started) * 1000,
            outcome=outcome,
            reason=reason,
            redactions=redactions,
        )

    def _intent(self, life: _Life, way: Way | None = None) -> Event:
        call = life.call
        spent_ms = (self._clock.monotonic() - life.started) * 1000
        if way is not None:
            return way.intent_of(call, life.id, life.began_ms, spent_ms)
        return Event(
            id=life.id,
            phase="intent",
            time_ms=life.began_ms,
            workspace_id=call.place.workspace_id,
            project_id=call.place.project_id,
            environment=call.place.environment,
            agent_id=call.template.caller.name,
            identity_level=call.template.caller.level,
            token_id=call.template.caller.token_id,
            secret_keys=tuple(injection.key for injection in call.injections),
            auth_styles=tuple(injection.style for injection in call.injections),
            method=call.method,
            scheme=call.target.scheme,
            domain=call.target.host,
            port=call.target.port,
            path=call.target.path,
            duration_ms=spent_ms,
            proxy_ms=spent_ms,
            allowlist_hash=life.standing.allowlist.digest if life.standing else "",
            caller_role=life.standing.role if life.standing else "",
            resolution_path=call.template.resolution_path,
        )


def _refuse_one_more() -> NoReturn:
    raise Busy(limit=CONCURRENT_CALLS)


class _Ending(msgspec.Struct, frozen=True):
    """``reply.Close`` of one call."""

    engine: Engine
    life: _Life

    def __call__(self, outcome: Outcome, reason: str, redactions: int) -> Awaitable[None]:
        return self.engine.end(self.life, outcome, reason, redactions)

    def done(self, redactions: int) -> None:
        self.engine.done(self.life, redactions)
