"""Verbs that take what a person signed with presence."""

from __future__ import annotations

from typing import Any

from agentsecrets.audit.view import Wanted, newest, stamp
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.verify import verify_by_person
from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.errors import SignatureInvalid
from agentsecrets.model.place import WorkspaceId
from agentsecrets.model.statement import Entry
from agentsecrets.team.allowlist import changes
from agentsecrets.wire.messages import Nothing, Signed

_STOPPED = frozenset({"domain_not_in_allowlist", "empty_allowlist"})
_MOST_STOPPED = 100


async def _append(context: Context, asked: Signed) -> dict[str, Any]:
    daemon, envelope = context.daemon, Envelope.decode(asked.envelope)
    if envelope.certificate:
        raise SignatureInvalid
    opened = daemon.vault.opened
    entry = verify_by_person(envelope, opened.identity, Entry)
    if entry.seq == 0:
        workspace = await opened.found(WorkspaceId(entry.workspace_id), envelope)
        return {"seq": 0, "workspace": workspace.state.name}
    state = await opened.of(entry.workspace_id).workspace.accept(daemon.store, daemon.worker, envelope)
    return {"seq": state.public.seq - 1}


async def _allowlist(context: Context, _: Nothing) -> dict[str, Any]:
    state = (await context.workspace()).workspace.state
    hosts = [{"domain": host.shown, "http": host.plain_http, "private": host.private, "ca": bool(host.ca)} for _, host in state.allowed]
    return {"allowlist": hosts}


async def _allowlist_log(context: Context, _: Nothing) -> dict[str, Any]:
    """What changed, and which calls the list has stopped, in the order of time."""
    daemon, workspace = context.daemon, (await context.workspace()).workspace
    changed = [
        {
            "timestamp": stamp(change.time_ms),
            "what": change.entry.removeprefix("allowlist."),
            "domain": change.subject,
            "by": daemon.account.email,
        }
        for change in changes(workspace.state)
    ]
    wanted = Wanted(reasons=_STOPPED, workspace_id=workspace.id)
    stopped = await daemon.log_worker.run(lambda: newest(daemon.log, _MOST_STOPPED, wanted))
    blocked = [
        {"timestamp": line["timestamp"], "what": "blocked", "domain": line["domain"], "by": line["agent_id"] or line["identity_level"]}
        for line in stopped
    ]
    return {"changes": sorted([*changed, *blocked], key=lambda line: line["timestamp"])}


ROUTES = (
    Route("/v1/ledger", Signed, _append),
    Route("/v1/allowlist", Nothing, _allowlist),
    Route("/v1/allowlist/log", Nothing, _allowlist_log),
)
