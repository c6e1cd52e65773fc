"""Values travel over https; plain http is for loopback hosts whose allowlist entry says so."""

from __future__ import annotations

from agentsecrets.errors import AgentSecretsError, HttpsOnly
from agentsecrets.model.call import Call
from agentsecrets.proxy.rules.rule import Circumstances, Rule


def _check(call: Call, circumstances: Circumstances) -> AgentSecretsError | None:
    if call.target.scheme == "https":
        return None
    entry = circumstances.allowed
    return None if entry is not None and entry.plain_http else HttpsOnly(domain=call.target.host_and_port)


RULE = Rule("https_only", _check)
