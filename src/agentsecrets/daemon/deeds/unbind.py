"""Lets a key be pinned anew by its next first use."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.deeds.binding import signed
from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.terminal import Person
from agentsecrets.model.binding import Binding
from agentsecrets.model.secret import parse_key_name


class _Asked(Asked, frozen=True, kw_only=True):
    key: str


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    key = parse_key_name(asked.key)
    opened = Opened(asked, person, f"AgentSecrets: {key} is bound to nothing any more; its next use, wherever that is, binds it")
    return signed(opened, person, Binding(key, (), "bearer", origin="open"))


DEED = Deed("unbind", _Asked, _perform)
