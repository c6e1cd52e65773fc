"""An agent's own credential beside an injection is refused, never silently replaced."""

from __future__ import annotations

from agentsecrets.errors import AgentSecretsError, ConflictingCredentials
from agentsecrets.model.call import Call
from agentsecrets.proxy.fields import names_as_read
from agentsecrets.proxy.rules.rule import Circumstances, Rule
from agentsecrets.proxy.styles import STYLES
from agentsecrets.proxy.styles.style import field_conflict

_CREDENTIALS = frozenset({b"authorization", b"cookie"})


def _check(call: Call, circumstances: Circumstances) -> AgentSecretsError | None:  # noqa: ARG001  (the signature of all rules)
    if not call.injections:
        return None
    for name in () if _CREDENTIALS.isdisjoint(names_as_read(call.fields)) else ("Authorization", "Cookie"):
        if slot := field_conflict(call, name):
            return ConflictingCredentials(slot=slot)
    for injection in call.injections:
        if slot := STYLES[injection.style].conflict(call, injection.slot):
            return ConflictingCredentials(slot=slot)
    return None


RULE = Rule("conflicting_credentials", _check)
