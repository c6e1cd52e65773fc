"""``/proxy`` and ``/health`` on the TCP port."""

from __future__ import annotations

import contextlib

from agentsecrets.daemon.places import resolve
from agentsecrets.daemon.unlocked import Vault
from agentsecrets.errors import ProductionRefused, RouteNotFound
from agentsecrets.network.http1.server import Exchange
from agentsecrets.ports import StateStore, Worker
from agentsecrets.proxy.engine import Engine
from agentsecrets.proxy.ingress import read_call

_HEALTHY = b'{"status":"ok","project":""}'


class DataPlane:
    """Serves agents."""

    def __init__(self, engine: Engine, vault: Vault, store: StateStore, worker: Worker) -> None:
        self._engine, self._vault, self._store, self._worker = engine, vault, store, worker

    async def serve(self, exchange: Exchange) -> None:
        """Answers one exchange."""
        if exchange.head.target == b"/health":
            await exchange.respond(200, [(b"Content-Type", b"application/json")], _HEALTHY)
        elif exchange.head.target == b"/proxy":
            await self._proxy(exchange)
        else:
            raise RouteNotFound

    async def _proxy(self, exchange: Exchange) -> None:
        head = exchange.head
        asked = read_call(head.method, head.fields)
        if asked.environment == "production":
            raise ProductionRefused
        workspace = self._vault.opened.workspace
        place, path = await resolve(workspace, self._store, self._worker, project=asked.project, environment=asked.environment)
        reply = await self._engine.run(asked.call(place, path), exchange.body() if head.has_body else None, head.framing.length)
        try:
            exchange.start(reply.status, reply.fields, length=reply.length, reason=reply.reason)
            async with contextlib.aclosing(reply.body()) as body:
                async for chunk in body:
                    await exchange.write(chunk)
            await exchange.finish(reply.trailers)
        finally:
            await reply.close()
