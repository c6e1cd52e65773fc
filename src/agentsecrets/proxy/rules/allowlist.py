"""Only hosts that a person has put on the workspace's allowlist are reached; an empty list reaches nothing."""

from __future__ import annotations

from agentsecrets.errors import AgentSecretsError, DomainNotInAllowlist, EmptyAllowlist
from agentsecrets.model.call import Call
from agentsecrets.proxy.rules.rule import Circumstances, Rule


def _check(call: Call, circumstances: Circumstances) -> AgentSecretsError | None:
    if circumstances.allowed is not None:
        return None
    refusal = DomainNotInAllowlist if circumstances.standing.allowlist.hosts else EmptyAllowlist
    return refusal(domain=call.target.host_and_port)


RULE = Rule("domain_not_in_allowlist", _check)
