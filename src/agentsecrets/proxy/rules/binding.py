"""A key goes only where it belongs."""

from __future__ import annotations

from agentsecrets.errors import AgentSecretsError, BindingMismatch, BindingRequired
from agentsecrets.model.binding import Binding
from agentsecrets.model.call import Call, Injection
from agentsecrets.proxy.catalogue import catalogue
from agentsecrets.proxy.rules.rule import Circumstances, Rule
from agentsecrets.proxy.styles import STYLES

_FLAGS = {
    "bearer": "--bearer",
    "basic": "--basic",
    "header": "--header",
    "query": "--query",
    "body": "--body-field",
    "form": "--form-field",
}
_MAY_PIN = ("owner", "admin", "member")


def _check(call: Call, circumstances: Circumstances) -> AgentSecretsError | None:
    for injection in call.injections:
        bound = circumstances.bindings.get(injection.key)
        if bound is None:
            reason = _why_not_pinned(call, injection, circumstances)
            if reason:
                return _required(call, injection, reason)
        elif not bound.permits(call.target, call.method, injection):
            return mismatch(call, injection, bound)
    return None


def _why_not_pinned(call: Call, injection: Injection, circumstances: Circumstances) -> str:
    """Why this call may not fix where an unbound key belongs; empty when it may."""
    if circumstances.standing.role not in _MAY_PIN:
        return f"a {circumstances.standing.role} does not decide where keys belong"
    if not STYLES[injection.style].pins:
        return f"a {injection.style} is a place that an API may publish"
    if catalogue().shows_to_others(call.target.host):
        return f"{call.target.host} shows to others what it is sent, or could be anybody's"
    return ""


def _required(call: Call, injection: Injection, reason: str) -> BindingRequired:
    return BindingRequired(
        key=injection.key,
        reason=reason,
        style=injection.style,
        slot=injection.slot,
        domain=call.target.host_and_port,
        flags=_flags(injection),
    )


def mismatch(call: Call, injection: Injection, bound: Binding) -> BindingMismatch:
    """The refusal for a key that belongs elsewhere."""
    asked = f"{call.method} {call.target.host_and_port} as {injection.style}{':' + injection.slot if injection.slot else ''}"
    return BindingMismatch(key=injection.key, bound=bound.shown, asked=asked, domain=call.target.host_and_port, flags=_flags(injection))


def _flags(injection: Injection) -> str:
    return f"{_FLAGS[injection.style]} {injection.slot}".rstrip()


RULE = Rule("binding_mismatch", _check)
