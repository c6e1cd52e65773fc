"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from agentsecrets.errors import AgentSecretsError
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.binding import Binding
from agentsecrets.model.call import Call
from agentsecrets.model.secret import KeyName
from agentsecrets.ports import Standing


class Circumstances(msgspec.Struct, frozen=True):
    """What a rule may look at besides the call itself; there is no value among it.

    Attributes:
        standing: What the workspace allows.
        allowed: The entry of its allowlist that stands for the target, None when there is none.
        bindings: The binding of each key of the call that has one.
    """

    standing: Standing
    allowed: AllowedHost | None
    bindings: Mapping[KeyName, Binding]


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to refuse a call.

    Attributes:
        name: The slug of its refusal, for the log and the docs.
        check: Answers the refusal, or None when this rule has nothing against the call.
    """

    name: str
    check: Callable[[Call, Circumstances], AgentSecretsError | None]
