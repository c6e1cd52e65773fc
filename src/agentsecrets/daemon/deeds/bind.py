"""Says where a key may be used."""

from __future__ import annotations

from typing import Any

from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.terminal import Person
from agentsecrets.model.binding import Binding
from agentsecrets.model.secret import parse_key_name
from agentsecrets.model.target import parse_target
from agentsecrets.proxy.ingress import injection
from agentsecrets.vault.bindings import write_binding
from agentsecrets.wire.messages import Signed


class _Asked(Asked, frozen=True, kw_only=True):
    key: str
    hosts: tuple[str, ...]
    style: str
    slot: str = ""
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    targets = [parse_target(f"https://{host}/") for host in asked.hosts]
    key = parse_key_name(asked.key)
    style = injection(asked.style, asked.slot, key).style
    hosts = tuple(target.host_and_port for target in targets)
    binding = Binding(key, hosts, style, asked.slot, asked.methods, asked.paths)
    opened = Opened(asked, person, f"AgentSecrets: {key} may go to {binding.shown}")
    place, name = opened.place()
    person.show(f"in {name}")
    previous = opened.store.binding(place, opened.workspace.keys.binding_id(place.project_id, key))
    envelope = write_binding(
        opened.workspace.keys,
        place,
        binding,
        previous=previous,
        author=opened.account.account_id,
        signer=opened.keys.signing,
        now_ms=SystemClock().now_ms(),
    )
    return opened.control.ask("/v1/bindings", Signed(envelope=envelope.encode()))


DEED = Deed("bind", _Asked, _perform)
