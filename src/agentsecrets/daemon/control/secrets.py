"""Verbs about secrets. A typed value arrives sealed, a revealed one leaves sealed."""

from __future__ import annotations

import secrets as randomness
from typing import Any

from agentsecrets.crypto.boxes import seal_to
from agentsecrets.crypto.deposits import open_deposit
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.value import Value
from agentsecrets.crypto.verify import verify_by_person
from agentsecrets.daemon.arrival import bind_by_value, look_at
from agentsecrets.daemon.control.folders import names_of
from agentsecrets.daemon.control.leaving import record_leaving
from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.errors import SignatureInvalid
from agentsecrets.model.place import ENVIRONMENTS, Place, ProjectId, WorkspaceId, parse_environment
from agentsecrets.model.secret import check_value, parse_key_name
from agentsecrets.model.statement import DepositOffer, RevealRequest
from agentsecrets.wire.messages import Deposit, Key, Nothing, Signed, meant


async def _offer(context: Context, _: Nothing) -> Signed:
    daemon = context.daemon
    offer = DepositOffer(account_id=daemon.account.account_id, public=daemon.deposit.public, time_ms=daemon.clock.now_ms())
    return Signed(envelope=daemon.vault.opened.unattended.device.sign(offer).encode())


async def _set(context: Context, asked: Deposit) -> dict[str, Any]:
    key = parse_key_name(asked.key)
    named = context.named
    raw = open_deposit(
        context.daemon.deposit,
        meant(key, named.folder, (named.workspace, named.project, named.environment), everywhere=asked.everywhere),
        asked.sealed,
    )
    check_value(raw)
    place = await context.place()
    places = [place.beside(environment) for environment in ENVIRONMENTS] if asked.everywhere else [place]
    arrival = await context.daemon.worker.run(lambda: look_at(key, raw))
    recognised = (await bind_by_value(context.daemon.vault.opened, place, [arrival]))[key]
    versions = await context.of(place).secrets.set(places, key, Value(raw), asked.note)
    for one in places:
        context.daemon.requests.answer(one, key)
    written = {one.environment: version for one, version in zip(places, versions, strict=True)}
    told = {"key": key, "version": written[place.environment], "versions": written, "warnings": arrival.warnings}
    return told | recognised | names_of(context, place)


async def _delete(context: Context, asked: Key) -> dict[str, Any]:
    key = parse_key_name(asked.key)
    place = await context.place()
    await context.of(place).secrets.delete(place, key)
    return {"key": key} | names_of(context, place)


async def _challenge(context: Context, _: Nothing) -> dict[str, Any]:
    nonce = randomness.token_hex(16)
    context.daemon.challenges.clear()
    context.daemon.challenges.add(nonce)
    return {"nonce": nonce}


async def _reveal(context: Context, asked: Signed) -> dict[str, Any]:
    """Opens one value for a person: signed with presence for this very challenge, sealed to a key that lives for this request."""
    daemon = context.daemon
    identity = daemon.vault.opened.identity
    request = verify_by_person(Envelope.decode(asked.envelope), identity, RevealRequest)
    if request.nonce not in daemon.challenges:
        raise SignatureInvalid
    daemon.challenges.discard(request.nonce)
    place = Place(WorkspaceId(request.workspace_id), ProjectId(request.project_id), parse_environment(request.environment))
    value = await context.of(place).secrets.open(place, parse_key_name(request.key))
    await record_leaving(context, place, "reveal", (request.key,))
    return {"sealed": seal_to(request.recipient, value.reveal())}


ROUTES = (
    Route("/v1/secrets/offer", Nothing, _offer),
    Route("/v1/secrets/set", Deposit, _set),
    Route("/v1/secrets/delete", Key, _delete),
    Route("/v1/secrets/challenge", Nothing, _challenge),
    Route("/v1/secrets/reveal", Signed, _reveal),
)
