"""Finds the route of a control request and speaks JSON with it."""

from __future__ import annotations

import msgspec

from agentsecrets.daemon.control import daemon as of_daemon
from agentsecrets.daemon.control import log, projects, secrets, signed
from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.daemon.core import Daemon
from agentsecrets.daemon.data_plane import DataPlane
from agentsecrets.errors import BadRequest, RouteNotFound
from agentsecrets.network.http1.server import Exchange
from agentsecrets.wire import headers

_ALL = (*of_daemon.ROUTES, *projects.ROUTES, *secrets.ROUTES, *signed.ROUTES, *log.ROUTES)
_ROUTES: dict[str, Route] = {route.path: route for route in _ALL}
_BODY_LIMIT = 1 << 20


class ControlPlane:
    """Serves the user's own commands. Every verb is a POST; nothing here answers with a value in the open."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._calls = DataPlane(daemon.engine, daemon.vault, daemon.store, daemon.worker)

    async def serve(self, exchange: Exchange) -> None:
        """Answers one exchange."""
        if exchange.head.target == b"/proxy":
            await self._calls.serve(exchange)
            return
        route = _ROUTES.get(exchange.head.target.decode("latin-1"))
        if route is None or exchange.head.method != "POST":
            raise RouteNotFound
        message = self._read(await _whole(exchange), route)
        context = Context(self._daemon, _named(exchange, headers.PROJECT), _named(exchange, headers.ENVIRONMENT))
        answer = msgspec.json.encode(await route.handle(context, message))
        await exchange.respond(200, [(b"Content-Type", b"application/json")], answer)

    def _read(self, body: bytes, route: Route) -> object:
        try:
            return msgspec.json.decode(body or b"{}", type=route.shape)
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
            raise BadRequest(problem="it is not the JSON that this verb takes") from None


async def _whole(exchange: Exchange) -> bytes:
    body = b""
    async for chunk in exchange.body():
        body += chunk
        if len(body) > _BODY_LIMIT:
            raise BadRequest(problem="its body is too long")
    return body


def _named(exchange: Exchange, name: str) -> str:
    values = exchange.head.get(name.lower().encode())
    return values[0].decode("utf-8", "replace") if values else ""
