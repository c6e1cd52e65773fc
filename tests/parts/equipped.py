"""A house whose upstream is allowed and that has one bound key for each auth style."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from agentsecrets.model.binding import Binding
from agentsecrets.model.call import StyleName
from agentsecrets.model.secret import KeyName
from agentsecrets.network.address import Resolver
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.upstream import HttpUpstream
from agentsecrets.proxy.engine import Engine
from tests.parts.house import House, open_house
from tests.parts.tls import TlsUpstream

VALUE = "sk_live_51HxQ7zvBqLm9"


@dataclass(frozen=True)
class Asked:
    """How one style is asked for.

    Attributes:
        field: The ``X-AS-Inject-…`` header.
        key: The key that is bound to it.
        slot: Its slot.
        of: What ``Seen.credential`` is told to find it by.
        kind: Content type of a body that fits, empty when the style needs none.
    """

    field: str
    key: str
    slot: str
    of: str
    kind: str = ""

    @property
    def header(self) -> tuple[str, str]:
        """The field and its value."""
        return self.field, self.key

    @property
    def body(self) -> bytes | None:
        """A body that the style takes."""
        return {"": None, "application/json": b'{"a":1}', "application/x-www-form-urlencoded": b"a=1"}[self.kind]


STYLES: dict[StyleName, Asked] = {
    "bearer": Asked("X-AS-Inject-Bearer", "BEARER_KEY", "", "bearer"),
    "basic": Asked("X-AS-Inject-Basic", "BASIC_KEY", "", "basic"),
    "header": Asked("X-AS-Inject-Header-X-Api-Key", "HEADER_KEY", "X-Api-Key", "header:X-Api-Key"),
    "query": Asked("X-AS-Inject-Query-api_key", "QUERY_KEY", "api_key", "query:api_key"),
    "body": Asked("X-AS-Inject-Body-auth.token", "BODY_KEY", "auth.token", "body", "application/json"),
    "form": Asked("X-AS-Inject-Form-client_secret", "FORM_KEY", "client_secret", "body", "application/x-www-form-urlencoded"),
}


@asynccontextmanager
async def equipped(root: Path, upstream: TlsUpstream, limits: Limits | None = None) -> AsyncIterator[House]:
    """The house, open; each key holds ``VALUE`` (``user:VALUE`` for basic)."""
    async with open_house(root / "home") as house:
        if limits is not None:
            house.upstream.close()
            house.upstream = HttpUpstream(Resolver(set()), limits)
            house.engine = Engine(house, house.secrets, house.upstream, house.journal, house.clock)
        await house.allow(upstream.allowed)
        for style, asked in STYLES.items():
            await house.set(asked.key, f"user:{VALUE}".encode() if style == "basic" else VALUE.encode())
            await house.bind(Binding(KeyName(asked.key), (f"localhost:{upstream.port}",), style, asked.slot))
        yield house
