"""The life of a call, on one page: authorize, record the intent, resolve, inject, forward, redact, record the outcome.

Each stage wants what only the stage before it makes, so none can be left out. What authorizing, resolving and injecting came to is kept
for calls that are alike, and asked anew when anything that it hangs on is no longer the same (``ways``).
"""

from __future__ import annotations

from typing import NoReturn

from agentsecrets.crypto.value import Value
from agentsecrets.errors import AgentSecretsError, Busy, Denied, DomainNotInAllowlist, Missing, Misused, NotReady
from agentsecrets.model.binding import Binding, pin
from agentsecrets.model.call import Call, Injection
from agentsecrets.model.event import Event, Outcome, new_event_id
from agentsecrets.model.secret import KeyName
from agentsecrets.ports import AuditSink, Authority, Body, Clock, Opener, Upstream
from agentsecrets.proxy.inject import Credentials, Injected, Injector, Permit
from agentsecrets.proxy.life import Life
from agentsecrets.proxy.reply import Reply
from agentsecrets.proxy.rules import RULES
from agentsecrets.proxy.rules.binding import mismatch
from agentsecrets.proxy.rules.rule import Circumstances
from agentsecrets.proxy.ways import Ways

CONCURRENT_CALLS = 1_024

_REFUSALS = (Misused, NotReady, Denied, Missing)


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
        self._injector, self._ways = Injector(clock), Ways(authority, opener)
        self._alive: set[Life] = set()

    @property
    def under_way(self) -> int:
        """How many calls live."""
        return len(self._alive)

    def sweep(self) -> None:
        """Drops what holds a value and was not used lately."""
        self._injector.sweep()
        self._ways.sweep()

    async def run(self, call: Call, body: Body, length: int | None) -> Reply:
        """Runs one call up to the head of its answer; the reply's body must then be read or closed.

        Args:
            call: What is asked.
            body: The agent's body.
            length: Bytes of a streamed body when known.

        Raises:
            AgentSecretsError: A refusal or failure; it is in the log already, under the id in ``subjects["event"]``.
        """
        began_ms, alive = self._clock.now_ms(), self._alive
        life = Life(call, new_event_id(began_ms), began_ms, self._clock.monotonic(), self._audit, self._clock, alive)
        alive.add(life)
        try:
            if len(alive) > CONCURRENT_CALLS:
                _refuse_one_more()
            way = self._ways.known(call)
            permit = await self._authorize(life) if way is None else None
            intent = life.intent = life.intended(way)
            await self._audit.record(intent)
            if way is not None and self._ways.holds(way):
                injected = way.injected(call, body, length)
            else:
                injected = await self._injected(life, intent, permit, body, length)
            life.forwarded = self._clock.monotonic()
            answer = await self._upstream.send(injected.outbound)
            life.status = answer.status
            reply = Reply(answer, injected.matcher, call.target.host, head_only=call.template.method == "HEAD", close=life)
            try:
                if not reply.prepared_at_once():
                    await reply.prepare()
            except BaseException:
                await answer.close()
                raise
        except AgentSecretsError as failure:
            failure.subjects["event"] = life.id
            outcome: Outcome = "blocked" if isinstance(failure, _REFUSALS) else "failed"
            await life(outcome, failure.slug, 0)
            raise
        except BaseException:
            await life("cancelled", "", 0)
            raise
        reply.fields.append((b"X-AS-Event", life.id.encode()))
        return reply

    async def _authorize(self, life: Life) -> Permit:
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
        return Permit(call, life.standing, allowed, bindings)

    async def _injected(self, life: Life, intent: Event, permit: Permit | None, body: Body, length: int | None) -> Injected:
        credentials = await self._resolve(permit or await self._authorize(life))
        injected = await self._injector.inject(credentials, body, length)
        if permit is not None:  # else what the log was told is not what it was permitted by
            self._ways.keep(credentials, intent, injected)
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


def _refuse_one_more() -> NoReturn:
    raise Busy(limit=CONCURRENT_CALLS)
