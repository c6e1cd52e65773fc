"""An engine at whose desk nothing goes out: what would have been sent and what the log was told is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.binding import Binding
from agentsecrets.model.event import Event
from agentsecrets.model.secret import KeyName
from agentsecrets.ports import Outbound
from agentsecrets.proxy.engine import Engine
from tests.parts.equipped import STYLES, VALUE
from tests.parts.house import House, open_house
from tests.parts.unreached import Unreached

HOST = "api.example.com"


class Told:
    """``ports.AuditSink`` that remembers what it was told, and may do something meanwhile."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    def record(self, event: Event) -> asyncio.Future[None]:
        self.events.append(event)
        return asyncio.ensure_future(self._do())

    def note(self, event: Event) -> None:
        self.events.append(event)

    async def _do(self) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()


@dataclass
class Desk:
    """A house whose engine sends into a sink."""

    house: House
    sink: Unreached
    told: Told

    def fresh(self) -> Engine:
        """An engine that has seen no call."""
        return Engine(self.house, self.house.secrets, self.sink, self.told, self.house.clock)

    async def call(self, engine: Engine, path: str, *headers: tuple[str, str], method: str = "GET", host: str = HOST) -> Outbound:
        """Runs a call to its end; answers what was sent."""
        fields = [(name.encode(), value.encode()) for name, value in headers]
        body = b'{"a": 1}' if method == "POST" else None
        (await engine.run(self.house.asked(method, f"https://{host}{path}", *fields), body, None)).sent()
        return self.sink.sent[-1]


def at_a_desk(root: Path, deed: Callable[[Desk], Awaitable[None]]) -> None:
    """Lets a deed happen in a house that has one bound key for each auth style and two ports of one host allowed."""

    async def tell() -> None:
        async with open_house(root / "home") as house:
            await house.allow(AllowedHost(HOST))
            await house.allow(AllowedHost(HOST, 8443))
            for style, asked in STYLES.items():
                await house.set(asked.key, b"user:" + VALUE.encode() if style == "basic" else VALUE.encode())
                await house.bind(Binding(KeyName(asked.key), (HOST, f"{HOST}:8443"), style, asked.slot))
            await deed(Desk(house, Unreached(), Told()))

    asyncio.run(tell())


def shown(sent: Outbound) -> tuple[object, ...]:
    """All of a request, for comparing."""
    return sent.target, sent.allowed, sent.method, sent.request_target, sent.section, sent.body, sent.length


def said(event: Event) -> dict[str, object]:
    """What the log was told but for what differs from call to call."""
    return {name: getattr(event, name) for name in event.__struct_fields__ if name not in {"id", "time_ms", "duration_ms", "proxy_ms"}}
