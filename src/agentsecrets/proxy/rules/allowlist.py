"""Only hosts that a person has put on the workspace's allowlist are reached; an empty list reaches nothing."""

from __future__ import annotations

from agentsecrets.errors import AgentSecretsError, DomainNotInAllowlist, EmptyAllowlist
from agentsecrets.model.call import Call
from agentsecrets.proxy.rules.rule import Circumstances, Rule


def _check(call: Call, circumstances: Circumstances) -> AgentSecretsError | None:
    allowlist = circumstances.standing.allowlist
    if not allowlist.hosts:
        return EmptyAllowlist(domain=call.target.host_and_port)
    return None if allowlist.find(call.target) else DomainNotInAllowlist(domain=call.target.host_and_port)


RULE = Rule("domain_not_in_allowlist", _check)
