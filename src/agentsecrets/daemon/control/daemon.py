"""Verbs about the daemon itself."""

from __future__ import annotations

from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.wire.messages import Nothing
from agentsecrets.wire.session import Session


async def _stop(context: Context, _: Nothing) -> Nothing:
    context.daemon.stopping.set()
    return Nothing()


async def _lock(context: Context, _: Nothing) -> Nothing:
    context.daemon.lock()
    return Nothing()


async def _show_session(context: Context, _: Nothing) -> Session:
    return context.daemon.session.current


async def _rotate(context: Context, _: Nothing) -> Session:
    return context.daemon.session.rotate()


ROUTES = (
    Route("/v1/stop", Nothing, _stop, is_use=False),
    Route("/v1/lock", Nothing, _lock, is_use=False),
    Route("/v1/session", Nothing, _show_session, is_use=False),
    Route("/v1/session/rotate", Nothing, _rotate, is_use=False),
)
