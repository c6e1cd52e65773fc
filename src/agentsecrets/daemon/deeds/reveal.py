"""Shows a value on standard output."""

from __future__ import annotations

import os
from typing import Any

import msgspec

from agentsecrets.crypto.boxes import SealingKey
from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.terminal import Person
from agentsecrets.model.secret import parse_key_name
from agentsecrets.model.statement import RevealRequest
from agentsecrets.wire.messages import Signed


class _Asked(Asked, frozen=True, kw_only=True):
    key: str


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    key = parse_key_name(asked.key)
    opened = Opened(asked, person, f"AgentSecrets: show the value of {key}")
    (place, name), recipient = opened.place(), SealingKey.generate()
    person.show(f"in {name}")
    statement = RevealRequest(
        account_id=opened.account.account_id,
        workspace_id=place.workspace_id,
        project_id=place.project_id,
        environment=place.environment,
        key=key,
        recipient=recipient.public,
        nonce=opened.control.ask("/v1/secrets/challenge")["nonce"],
        time_ms=SystemClock().now_ms(),
    )
    answer = opened.control.ask("/v1/secrets/reveal", Signed(envelope=opened.keys.signing.sign(statement).encode()))
    os.write(1, recipient.open(msgspec.convert(answer["sealed"], bytes)) + b"\n")
    return {}


DEED = Deed("reveal", _Asked, _perform)
