"""Finds the route of a control request and speaks JSON with it."""

from __future__ import annotations

import msgspec

from agentsecrets.daemon.control import (
    bindings,
    calling,
    environments,
    folders,
    handover,
    history,
    imports,
    listing,
    log,
    names,
    projects,
    requests,
    secrets,
    signed,
    standing,
    workspaces,
)
from agentsecrets.daemon.control import daemon as of_daemon
from agentsecrets.daemon.control.route import Context, FrameRoute, Route
from agentsecrets.daemon.core import Daemon
from agentsecrets.errors import AdministratorOnly, BadRequest, NotHandedOver, OtherVersion, RouteNotFound
from agentsecrets.network.http1.server import Exchange
from agentsecrets.wire import headers

_ALL: tuple[Route, ...] = (
    *of_daemon.ROUTES,
    *standing.ROUTES,
    *workspaces.ROUTES,
    *projects.ROUTES,
    *folders.ROUTES,
    *environments.ROUTES,
    *secrets.ROUTES,
    *listing.ROUTES,
    *imports.ROUTES,
    *names.ROUTES,
    *history.ROUTES,
    *handover.ROUTES,
    *requests.ROUTES,
    *signed.ROUTES,
    *bindings.ROUTES,
    *log.ROUTES,
)
_ROUTES: dict[str, Route] = {route.path: route for route in _ALL}
_FRAMED: dict[str, FrameRoute] = {route.path: route for route in (*calling.ROUTES, *standing.FRAMED)}
_FOR_ANY_VERSION = frozenset({"/v1/status", "/v1/stop"})
_HANDS_OVER = "/v1/handover"


class ControlPlane:
    """Serves the user's own commands. Every verb is a POST; nothing here answers with a value in the open.

    Args:
        daemon: Whom the verbs speak to.
        verbs: The paths that are served here, None for all.
    """

    def __init__(self, daemon: Daemon, verbs: frozenset[str] | None = None) -> None:
        self._daemon, self._verbs = daemon, verbs

    async def serve(self, exchange: Exchange) -> None:
        """Answers one exchange."""
        path = exchange.head.target.decode("latin-1")
        if exchange.head.method != "POST" or not (path in _ROUTES or path in _FRAMED):
            raise RouteNotFound
        if self._daemon.isolated and path.startswith(_HANDS_OVER):
            raise NotHandedOver
        if self._verbs is not None and path not in self._verbs:
            raise AdministratorOnly
        if path not in _FOR_ANY_VERSION:
            self._check_version(exchange)
        context = Context.read(self._daemon, exchange.head)
        if path in _FRAMED:
            await _FRAMED[path].serve(context, exchange)
            return
        route = _ROUTES[path]
        message = _read(await _whole(exchange, route.limit), route)
        if route.is_use:
            self._daemon.idleness.touch()
        answer = msgspec.json.encode(await route.handle(context, message))
        await exchange.respond(200, [(b"Content-Type", b"application/json")], answer)

    def _check_version(self, exchange: Exchange) -> None:
        asking = exchange.head.get(headers.VERSION.lower().encode())
        if asking and asking[0].decode("latin-1") != self._daemon.version:
            raise OtherVersion(running=self._daemon.version, asking=asking[0].decode("latin-1"))


def _read(body: bytes, route: Route) -> object:
    try:
        return msgspec.json.decode(body or b"{}", type=route.shape)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        raise BadRequest(problem="it is not the JSON that this verb takes") from None


async def _whole(exchange: Exchange, limit: int) -> bytes:
    body = bytearray()
    async for chunk in exchange.body():
        body += chunk
        if len(body) > limit:
            raise BadRequest(problem="its body is too long")
    return bytes(body)
