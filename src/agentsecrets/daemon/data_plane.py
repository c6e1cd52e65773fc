"""``/proxy`` and ``/health`` on the TCP port."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable

from agentsecrets.daemon.idleness import Idleness
from agentsecrets.daemon.places import Named, Places
from agentsecrets.errors import ProductionRefused, RouteNotFound, UnknownToken
from agentsecrets.network.http1.server import Exchange
from agentsecrets.proxy.engine import Engine
from agentsecrets.proxy.ingress import Asked, read_call
from agentsecrets.proxy.reply import Reply

_NOWHERE = Named()
_HEALTHY = b'{"status":"ok","project":""}'


class DataPlane:
    """Serves agents."""

    def __init__(self, engine: Engine, places: Places, idleness: Idleness) -> None:
        self._engine, self._places, self._idleness = engine, places, idleness

    def serve(self, exchange: Exchange) -> Awaitable[None]:
        """Answers one exchange.

        Raises:
            RouteNotFound
        """
        if exchange.head.target == b"/proxy":
            return self._proxy(exchange)
        if exchange.head.target == b"/health":
            return exchange.respond(200, [(b"Content-Type", b"application/json")], _HEALTHY)
        raise RouteNotFound

    async def call(self, exchange: Exchange, asked: Asked, where: Named = _NOWHERE) -> Reply:
        """Runs the call that an exchange asks for, up to the head of its answer.

        Args:
            exchange: Whose body is the agent's body.
            asked: What its head asks for.
            where: Folder and workspace of a command; nothing for a program.
        """
        if asked.token:
            raise UnknownToken
        self._idleness.touch()
        located = await self._places.locate(Named(asked.project, asked.environment, where.folder, where.workspace))
        body = exchange.body() if exchange.head.has_body else None
        return await self._engine.run(asked.call(located.place, located.path), body, exchange.head.framing.length)

    async def _proxy(self, exchange: Exchange) -> None:
        asked = read_call(exchange.head.method, exchange.head.target_url, exchange.head.fields)
        if asked.environment == "production":
            raise ProductionRefused
        reply = await self.call(exchange, asked)
        try:
            if reply.whole is not None:
                await exchange.respond(reply.status, reply.fields, reply.whole, reply.reason)
                await reply.sent()
                return
            exchange.start(reply.status, reply.fields, length=reply.length, reason=reply.reason)
            async with contextlib.aclosing(reply.body()) as body:
                async for chunk in body:
                    await exchange.write(chunk)
            await exchange.finish(reply.trailers)
        finally:
            if not reply.ended:
                await reply.close()
