"""``/proxy`` and ``/health`` on the TCP port."""

from __future__ import annotations

from collections.abc import Awaitable

import msgspec

from agentsecrets.daemon.idleness import Idleness
from agentsecrets.daemon.places import NOWHERE, Located, Named, Places
from agentsecrets.errors import ProductionRefused, RouteNotFound, UnknownToken
from agentsecrets.model.call import Call, Template
from agentsecrets.model.target import Target
from agentsecrets.network.http1.familiar import FoundInHeads
from agentsecrets.network.http1.messages import RequestHead
from agentsecrets.network.http1.server import Exchange
from agentsecrets.ports import Body
from agentsecrets.proxy.engine import Engine
from agentsecrets.proxy.ingress import Asked, read_asked, read_target
from agentsecrets.proxy.reply import Reply

_HEALTHY = b'{"status":"ok","project":""}'


class Heard(msgspec.Struct):
    """What a head asks for.

    Attributes:
        asked: All of it but the target.
        named: Where it says that it belongs.
        located: Where that was found to be when it was asked last.
        template: What calls with this head have in common there.
    """

    asked: Asked
    named: Named
    located: Located | None = None
    template: Template | None = None

    def template_at(self, located: Located) -> Template:
        """The same one while the place is the same."""
        if self.template is None or self.located is not located:
            self.located, self.template = located, self.asked.template(located.place, located.path)
        return self.template


class DataPlane:
    """Serves agents."""

    def __init__(self, engine: Engine, places: Places, idleness: Idleness) -> None:
        self._engine, self._places, self._idleness = engine, places, idleness
        self._heard: FoundInHeads[Heard] = FoundInHeads()

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

    def hear(self, head: RequestHead) -> Heard:
        """Reads what a head asks for.

        Raises:
            BadRequest, BadInjection, BadKeyName, BadHeader, MethodRefused
        """
        known = self._heard.get(head)
        if known is None:
            asked = read_asked(head.method, head.fields)
            known = self._heard.keep(head, Heard(asked, Named(asked.project, asked.environment)))
        return known

    def call(self, exchange: Exchange, heard: Heard, where: Named = NOWHERE) -> Awaitable[Reply]:
        """Runs the call that an exchange asks for, up to the head of its answer.

        Args:
            exchange: Whose body is the agent's body.
            heard: What its head asks for.
            where: Folder and workspace of a command; nothing for a program.

        Raises:
            BadRequest, BadTarget, UnknownToken, and what ``Places.locate`` and ``Engine.run`` raise: some at once, some when awaited.
        """
        target = read_target(exchange.target_url)
        if heard.asked.token:
            raise UnknownToken
        self._idleness.touch()
        named = heard.named if where is NOWHERE else heard.named._replace(folder=where.folder, workspace=where.workspace)
        body, length = exchange.body() if exchange.head.has_body else None, exchange.head.framing.length
        located = self._places.at_hand(named)
        if located is None:
            return self._call_elsewhere(heard, named, target, body, length)
        return self._engine.run(Call(heard.template_at(located), target), body, length)

    async def _call_elsewhere(self, heard: Heard, named: Named, target: Target, body: Body, length: int | None) -> Reply:
        located = await self._places.locate(named)
        return await self._engine.run(Call(heard.template_at(located), target), body, length)

    async def _proxy(self, exchange: Exchange) -> None:
        heard = self.hear(exchange.head)
        if heard.asked.environment == "production":
            raise ProductionRefused
        reply = await self.call(exchange, heard)
        try:
            if reply.whole is not None:
                exchange.answer(reply.status, reply.fields, reply.whole, reply.reason)
                if not exchange.taken:
                    await exchange.passed()
                reply.sent()
                return
            exchange.start(reply.status, reply.fields, length=reply.length, reason=reply.reason)
            await reply.pass_on(exchange)
            await exchange.finish(reply.trailers)
        finally:
            if not reply.ended:
                await reply.close()
