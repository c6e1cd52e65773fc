"""Takes hosts from the allowlist."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.terminal import Person
from agentsecrets.ledger.entries import ALLOWLIST_REMOVED, Nothing
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.team.allowlist import parse_listed, subject_removed


class _Asked(Asked, frozen=True, kw_only=True):
    hosts: tuple[str, ...]


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    hosts = [parse_listed(text) for text in asked.hosts]
    opened = Opened(asked, person, f"AgentSecrets: no more calls to {', '.join(asked.hosts)}")
    person.show(f"in the workspace {opened.workspace.state.name}")
    for host, port in hosts:
        opened.append(ALLOWLIST_REMOVED, lambda state, host=host, port=port: (subject_removed(state, host, port), Nothing()))  # type: ignore[misc]
    return {"domains": [AllowedHost(host, port).shown for host, port in hosts]}


DEED = Deed("allowlist.remove", _Asked, _perform)
