"""Puts hosts on the allowlist."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.terminal import Person
from agentsecrets.ledger.entries import ALLOWLIST_ADDED
from agentsecrets.model.place import new_id
from agentsecrets.team.allowlist import parse_host, sealed_added


class _Asked(Asked, frozen=True, kw_only=True):
    hosts: tuple[str, ...]
    private: tuple[str, ...] = ()
    ca: str = ""
    plain_http: bool = False


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    hosts = [parse_host(text, private=asked.private, ca=asked.ca, plain_http=asked.plain_http) for text in asked.hosts]
    special = [
        *asked.private,
        *(["an own certification authority"] if asked.ca else []),
        *(["plain http"] if asked.plain_http else []),
    ]
    shown = f"AgentSecrets: allow calls to {', '.join(host.shown for host in hosts)}"
    opened = Opened(asked, person, f"{shown} ({', '.join(special)})" if special else shown)
    person.show(f"in the workspace {opened.workspace.state.name}")
    for host in hosts:
        opened.append(ALLOWLIST_ADDED, lambda state, host=host: (new_id(), sealed_added(state, host)))  # type: ignore[misc]
    return {"domains": [host.shown for host in hosts]}


DEED = Deed("allowlist.add", _Asked, _perform)
