"""Says where a key may be used."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.deeds.binding import signed
from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.terminal import Person
from agentsecrets.daemon.wanted import wanted_binding
from agentsecrets.wire.messages import BindingWanted


class _Asked(Asked, frozen=True, kw_only=True):
    wanted: BindingWanted


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    binding = wanted_binding(asked.wanted, None)
    return signed(Opened(asked, person, f"AgentSecrets: {binding.key} may go to {binding.shown}"), person, binding)


DEED = Deed("bind", _Asked, _perform)
