"""Who asks for a call."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from agentsecrets.errors import BadHeader

IdentityLevel = Literal["anonymous", "declared", "issued"]

_AGENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@:/-]{0,127}")


@dataclass(frozen=True, slots=True)
class Caller:
    """The agent behind a call, as far as it is known.

    Attributes:
        level: ``anonymous`` (nothing said), ``declared`` (a name, a label only), ``issued`` (an agent token was verified).
        name: The declared or issued name, empty when anonymous.
        token_id: Id of the verified agent token, empty otherwise.
    """

    level: IdentityLevel
    name: str = ""
    token_id: str = ""


ANONYMOUS = Caller("anonymous")


def declared(name: str) -> Caller:
    """A caller that gave itself a name.

    Raises:
        BadHeader: Unless the name is 1 to 128 plain characters.
    """
    if _AGENT_NAME.fullmatch(name) is None:
        raise BadHeader(problem="an agent id is 1 to 128 letters, digits and . _ @ : / - and spaces")
    return Caller("declared", name)
