"""Verbs about the daemon itself."""

from __future__ import annotations

from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.daemon.places import ACTIVE_PROJECT
from agentsecrets.errors import ShuttingDown
from agentsecrets.wire.messages import DaemonStatus, Nothing
from agentsecrets.wire.session import Session


async def _status(context: Context, _: Nothing) -> DaemonStatus:
    daemon = context.daemon
    status = DaemonStatus(
        version=daemon.version,
        pid=daemon.pid,
        port=_session(context).port,
        locked=daemon.vault.locked,
        protection=daemon.account.protection,
        email=daemon.account.email,
        log_rows=daemon.journal.length,
        redactions=daemon.journal.redactions,
    )
    return status if status.locked else await _of_workspace(context, status)


async def _of_workspace(context: Context, status: DaemonStatus) -> DaemonStatus:
    from msgspec.structs import replace

    state = context.daemon.vault.opened.workspace.state
    active = await context.daemon.worker.run(lambda: context.daemon.store.choice(ACTIVE_PROJECT))
    project = dict(state.projects).get(active, "")
    environment = context.environment or "development" if project else ""
    return replace(status, workspace=state.name, project=project, environment=environment, allowlist=len(state.allowed))


async def _stop(context: Context, _: Nothing) -> Nothing:
    context.daemon.stopping.set()
    return Nothing()


async def _show_session(context: Context, _: Nothing) -> Session:
    return _session(context)


async def _rotate(context: Context, _: Nothing) -> Session:
    _session(context)
    assert context.daemon.session is not None
    return context.daemon.session.rotate()


def _session(context: Context) -> Session:
    if context.daemon.session is None:
        raise ShuttingDown
    return context.daemon.session.current


ROUTES = (
    Route("/v1/status", Nothing, _status),
    Route("/v1/stop", Nothing, _stop),
    Route("/v1/session", Nothing, _show_session),
    Route("/v1/session/rotate", Nothing, _rotate),
)
