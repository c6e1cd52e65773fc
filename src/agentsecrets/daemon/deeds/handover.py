"""Lets one command have values, after showing which command, which keys and from where."""

from __future__ import annotations

import os
from typing import Any

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.deeds.deed import Asked, Deed
from agentsecrets.daemon.deeds.opening import Opened
from agentsecrets.daemon.terminal import Person, printable
from agentsecrets.errors import ForeignDaemon
from agentsecrets.model.place import Place
from agentsecrets.model.secret import parse_key_name
from agentsecrets.model.statement import HandoverRequest
from agentsecrets.model.variable import check_variables
from agentsecrets.vault.remembered import Remembered, write_remembered
from agentsecrets.wire.messages import Handover, SignedHandover

_MOST_SHOWN = 50
_WARNING = "The command, and every program that it starts, can read these values; while it runs, so can other programs of your user."
_REMEMBERED = (
    "REMEMBERED: from now on any program of your user can have these values without asking you, by asking for this command.\n"
    "It ends with: agentsecrets env --forget"
)


class _Asked(Asked, frozen=True, kw_only=True):
    command: tuple[bytes, ...]
    recipient: bytes
    only: tuple[str, ...] = ()
    remember: bool = False


def _perform(asked: _Asked, person: Person) -> dict[str, Any]:
    told = asked.control.ask("/v1/handover/keys", Handover(command=asked.command, only=asked.only))
    keys = tuple(parse_key_name(key) for key in told["keys"])
    check_variables(keys)
    opened = Opened(asked, person, _shown(asked, keys, told))
    place, _ = opened.place()
    named = dict(opened.workspace.state.projects)[place.project_id]
    if (place.project_id, named, place.environment) != (told["project_id"], told["project"], told["environment"]):
        raise ForeignDaemon
    handed = Remembered(
        project_id=place.project_id,
        environment=place.environment,
        folder=os.fsencode(asked.cwd),
        command=asked.command,
        keys=keys,
    )
    remembered = _word(opened, handed).encode() if asked.remember else b""
    envelope = opened.keys.signing.sign(_request(opened, place, handed, asked.recipient)).encode()
    return opened.control.ask("/v1/handover/signed", SignedHandover(envelope=envelope, remembered=remembered))


def _request(opened: Opened, place: Place, handed: Remembered, recipient: bytes) -> HandoverRequest:
    return HandoverRequest(
        account_id=opened.account.account_id,
        workspace_id=place.workspace_id,
        project_id=place.project_id,
        environment=place.environment,
        folder=handed.folder,
        command=handed.command,
        keys=handed.keys,
        recipient=recipient,
        nonce=opened.control.ask("/v1/secrets/challenge")["nonce"],
        time_ms=SystemClock().now_ms(),
    )


def _word(opened: Opened, handed: Remembered) -> Envelope:
    keys, workspace_id = opened.workspace.keys, opened.workspace.id
    now_ms, author = SystemClock().now_ms(), opened.account.account_id
    return write_remembered(keys, workspace_id, handed, author=author, signer=opened.keys.signing, now_ms=now_ms)


def _shown(asked: _Asked, keys: tuple[str, ...], told: dict[str, Any]) -> str:
    more = f" and {len(keys) - _MOST_SHOWN} more" if len(keys) > _MOST_SHOWN else ""
    environment = "PRODUCTION" if told["environment"] == "production" else told["environment"]
    lines = [
        "AgentSecrets: hand values over to a command",
        f"  command: {' '.join(printable(word) for word in asked.command)}",
        f"  folder:  {printable(os.fsencode(asked.cwd))}",
        f"  from:    {printable(str(told['project']).encode())}, {printable(str(environment).encode())}",
        f"  keys:    {', '.join(keys[:_MOST_SHOWN])}{more}",
        _WARNING,
        *([_REMEMBERED] if asked.remember else []),
    ]
    return "\n".join(lines)


DEED = Deed("handover", _Asked, _perform)
