"""Verbs that take what a person signed with presence."""

from __future__ import annotations

from typing import Any

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.errors import SignatureInvalid
from agentsecrets.team.allowlist import changes
from agentsecrets.wire.messages import Nothing, Signed


async def _append(context: Context, asked: Signed) -> dict[str, Any]:
    daemon, envelope = context.daemon, Envelope.decode(asked.envelope)
    if envelope.certificate:
        raise SignatureInvalid
    state = await daemon.vault.opened.workspace.accept(daemon.store, daemon.worker, envelope)
    return {"seq": state.public.seq - 1}


async def _bind(context: Context, asked: Signed) -> dict[str, Any]:
    binding = await context.daemon.vault.opened.bindings.accept(Envelope.decode(asked.envelope))
    return {"key": binding.key, "bound": binding.shown}


async def _allowlist(context: Context, _: Nothing) -> dict[str, Any]:
    state = context.daemon.vault.opened.workspace.state
    hosts = [{"domain": host.shown, "http": host.plain_http, "private": host.private, "ca": bool(host.ca)} for _, host in state.allowed]
    return {"allowlist": hosts}


async def _allowlist_log(context: Context, _: Nothing) -> dict[str, Any]:
    found = changes(context.daemon.vault.opened.workspace.state)
    return {"changes": [{"time_ms": change.time_ms, "change": change.entry, "domain": change.subject} for change in found]}


ROUTES = (
    Route("/v1/ledger", Signed, _append),
    Route("/v1/bindings", Signed, _bind),
    Route("/v1/allowlist", Nothing, _allowlist),
    Route("/v1/allowlist/log", Nothing, _allowlist_log),
)
