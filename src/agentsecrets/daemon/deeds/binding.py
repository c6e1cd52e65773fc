"""Signing where a key may be used."""

from __future__ import annotations

from typing import Any

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.terminal import Person
from agentsecrets.model.binding import Binding
from agentsecrets.vault.signed_bindings import read_binding, write_binding
from agentsecrets.wire.messages import Signed


def signed(opened: Opened, person: Person, binding: Binding) -> dict[str, Any]:
    """Signs a binding, in place of the one in force, and has the daemon accept it.

    Args:
        opened: The account of whoever was shown the binding and gave the password.
        person: Who is told where it holds, and what held before.
        binding: The binding.
    """
    place, name = opened.place()
    keys = opened.workspace.keys
    previous = opened.store.binding(place, keys.binding_id(place.project_id, binding.key))
    before = None if previous is None else read_binding(keys, opened.workspace.identity, Envelope.decode(previous)).binding
    person.show(f"in {name}{f'; until now: {before.shown}' if before is not None and before.hosts else ''}")
    envelope = write_binding(
        keys,
        place,
        binding,
        previous=previous,
        author=opened.account.account_id,
        signer=opened.keys.signing,
        now_ms=SystemClock().now_ms(),
    )
    return opened.control.ask("/v1/bindings", Signed(envelope=envelope.encode()))
