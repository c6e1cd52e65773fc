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
    shown = not _CREDENTIALS.isdisjoint(names_as_read(call.fields))
    found = [field_conflict(call, name) for name in ("Authorization", "Cookie")] if shown else []
    found += [STYLES[injection.style].conflict(call, injection.slot) for injection in call.injections]
    slot = next((slot for slot in found if slot), None)
    return ConflictingCredentials(slot=slot) if slot is not None else None


RULE = Rule("conflicting_credentials", _check)
