"""Verbs that hand values over to a command: sealed to the key of one hand-over process, after a person's word or a remembered one."""

from __future__ import annotations

import os
from typing import Any

from agentsecrets.audit.view import stamp
from agentsecrets.crypto.boxes import seal_to
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.framing import frame
from agentsecrets.crypto.value import Value
from agentsecrets.crypto.verify import verify_by_person
from agentsecrets.daemon.control.folders import names_of
from agentsecrets.daemon.control.leaving import record_leaving
from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.errors import EnvironmentTooLarge, PresenceRequired, SignatureInvalid
from agentsecrets.model.place import Place, ProjectId, WorkspaceId, parse_environment
from agentsecrets.model.secret import KeyName, parse_key_name
from agentsecrets.model.statement import HandoverRequest
from agentsecrets.model.variable import check_variables
from agentsecrets.vault.remembered import Remembered
from agentsecrets.wire.messages import Handover, Nothing, RememberedId, SignedHandover

MOST_BYTES = 6 << 20
"""Names and values of one hand-over. Source: execve(2), the most that Linux lets a program start with is 6 MiB."""
MOST_NAMES = 512 << 10
"""Names of one hand-over, in bytes: a person signs them all in one message."""

_WITHOUT_PRESENCE = frozenset({"keychain"})
"""Levels at which a command may have values without a person: there every program of the user could ask the keychain itself."""


async def _keys(context: Context, asked: Handover) -> dict[str, Any]:
    """Which keys the command would get, and from where; no value is opened."""
    place = await context.place()
    keys = await _named(context, place, asked)
    return {"keys": keys, "project_id": place.project_id, "workspace_id": place.workspace_id} | names_of(context, place)


async def _hand_over(context: Context, asked: Handover) -> dict[str, Any]:
    """Without a person: when there is nothing to hand over, at a level that does not ask, or for a command that is remembered."""
    daemon = context.daemon
    place = await context.place()
    keys = await _named(context, place, asked)
    remembered = _remembered(context, place, asked.command, keys)
    if keys and daemon.account.protection not in _WITHOUT_PRESENCE and not await context.of(place).remembered.has(remembered):
        raise PresenceRequired
    return await _sealed(context, place, remembered, asked.recipient)


async def _hand_over_signed(context: Context, asked: SignedHandover) -> dict[str, Any]:
    """Signed with presence for this very challenge; the word that it is to be remembered must be for the same command."""
    daemon = context.daemon
    request = verify_by_person(Envelope.decode(asked.envelope), daemon.vault.opened.identity, HandoverRequest)
    if request.nonce not in daemon.challenges:
        raise SignatureInvalid
    daemon.challenges.discard(request.nonce)
    place = Place(WorkspaceId(request.workspace_id), ProjectId(request.project_id), parse_environment(request.environment))
    remembered = Remembered(
        project_id=place.project_id,
        environment=place.environment,
        folder=request.folder,
        command=request.command,
        keys=tuple(parse_key_name(key) for key in request.keys),
    )
    check_variables(remembered.keys)
    if asked.remembered:
        await context.of(place).remembered.accept(Envelope.decode(asked.remembered), remembered)
    return await _sealed(context, place, remembered, request.recipient)


async def _list(context: Context, _: Nothing) -> dict[str, Any]:
    here = await context.workspace()
    words, projects = await here.remembered.all(), dict(here.workspace.state.projects)
    return {"remembered": [_shown(projects, remembered) | {"since": stamp(time_ms)} for time_ms, remembered in words]}


async def _forget(context: Context, asked: RememberedId) -> dict[str, Any]:
    here = await context.workspace()
    return _shown(dict(here.workspace.state.projects), await here.remembered.forget(asked.id))


async def _named(context: Context, place: Place, asked: Handover) -> list[KeyName]:
    """The keys that are asked for, sorted.

    Raises:
        SecretNotFound, UnsafeVariable, EnvironmentTooLarge
    """
    secrets = context.of(place).secrets
    there = [line.key for line in await secrets.lines(place)]
    keys = sorted({parse_key_name(key) for key in asked.only}) if asked.only else there
    for key in keys:
        if key not in there:
            raise await secrets.missing(place, key)
    check_variables(keys)
    if sum(map(len, keys)) > MOST_NAMES:
        raise EnvironmentTooLarge(keys=len(keys))
    return keys


def _remembered(context: Context, place: Place, command: tuple[bytes, ...], keys: list[KeyName]) -> Remembered:
    folder = os.fsencode(context.named.folder)
    return Remembered(project_id=place.project_id, environment=place.environment, folder=folder, command=command, keys=tuple(keys))


async def _sealed(context: Context, place: Place, handed: Remembered, recipient: bytes) -> dict[str, Any]:
    """Seals the values, writes the hand-over into the log, and only then lets them go."""
    daemon, keys = context.daemon, [parse_key_name(key) for key in handed.keys]
    values = await context.of(place).secrets.open_all(place, keys)
    if sum(map(len, keys)) + sum(map(len, values)) > MOST_BYTES:
        raise EnvironmentTooLarge(keys=len(keys))
    sealed = await daemon.worker.run(lambda: seal_to(recipient, _packed(keys, values)))
    if keys:
        await record_leaving(context, place, "handover", handed.keys, auth_styles=("env",) * len(handed.keys), path=_program(handed))
    return {"sealed": sealed, "count": len(keys)} | names_of(context, place)


def _packed(keys: list[KeyName], values: list[Value]) -> bytes:
    return frame(*(part for key, value in zip(keys, values, strict=True) for part in (key.encode(), value.reveal())))


def _program(handed: Remembered) -> str:
    name = os.path.basename(handed.command[0]) if handed.command else b""  # noqa: PTH119  (bytes, as the system has them)
    return name.decode("utf-8", "replace")


def _shown(projects: dict[str, str], remembered: Remembered) -> dict[str, Any]:
    return {
        "id": remembered.id,
        "command": [word.decode("utf-8", "replace") for word in remembered.command],
        "folder": remembered.folder.decode("utf-8", "replace"),
        "project": projects.get(remembered.project_id, remembered.project_id),
        "environment": remembered.environment,
        "keys": list(remembered.keys),
    }


ROUTES = (
    Route("/v1/handover", Handover, _hand_over),
    Route("/v1/handover/keys", Handover, _keys),
    Route("/v1/handover/signed", SignedHandover, _hand_over_signed),
    Route("/v1/handover/remembered", Nothing, _list),
    Route("/v1/handover/forget", RememberedId, _forget),
)
