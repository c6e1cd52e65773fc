"""A name that changes its address between check and connect gets nobody connected to where it may not go."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agentsecrets.errors import AddressBlocked, AgentSecretsError
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.target import Target
from agentsecrets.network.address import Resolver
from agentsecrets.network.upstream import HttpUpstream
from agentsecrets.ports import Outbound
from tests.conftest import Counted
from tests.parts.gathered import read_answer
from tests.unit.network.wires import SHORT

FLIPS = int(os.environ.get("AGENTSECRETS_FLIPS", "200"))
HOST = "rebind.example.test"
OPEN, ALSO_OPEN, INSIDE = "127.0.0.2", "127.0.0.3", "127.0.0.1"
FORBIDDEN = (
    INSIDE,
    "::1",
    "::ffff:127.0.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fe80::1%lo",
    "",
)


class Flipping:
    """A look-up in the attacker's hand: it answers what it was told to, and counts."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.asked = 0

    async def __call__(self, _host: str, _port: int) -> list[str]:
        self.asked += 1
        await asyncio.sleep(0)
        return list(self.answers)


@asynccontextmanager
async def _listening(address: str, port: int) -> AsyncIterator[tuple[int, list[int]]]:
    """Answers every request on one address; yields the port and a list that grows with each connection."""
    accepted: list[int] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(1)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + address.encode())
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()

    server = await asyncio.start_server(accept, address, port)
    try:
        yield server.sockets[0].getsockname()[1], accepted
    finally:
        server.close()


def _asked(port: int) -> Outbound:
    entry = AllowedHost(HOST, port, private=(f"{OPEN}/32", f"{ALSO_OPEN}/32"))
    return Outbound(Target("http", HOST, port, "/"), entry, "GET", b"/", b"")


async def _ask(upstream: HttpUpstream, port: int) -> bytes:
    answer = await upstream.send(_asked(port))
    body = await read_answer(answer)
    await answer.close()
    return body


def test_whatever_a_name_answers_and_when_only_checked_addresses_are_connected_to(counted: Counted):
    chance, lookup = random.Random(7), Flipping()
    reached = blocked = 0

    async def one(upstream: HttpUpstream, port: int) -> None:
        nonlocal reached, blocked
        known = chance.choice(((OPEN, ALSO_OPEN), FORBIDDEN, (OPEN, ALSO_OPEN, *FORBIDDEN)))
        lookup.answers = [chance.choice(known) for _ in range(chance.choice((1, 1, 2, 3)))]
        bad = any(answer in FORBIDDEN for answer in lookup.answers)
        if bad:
            try:
                await _ask(upstream, port)
            except AddressBlocked:
                blocked += 1
            return
        reached += (await _ask(upstream, port)).decode() in lookup.answers

    async def tell() -> None:
        async with _listening(INSIDE, 0) as (port, inside), _listening(OPEN, port), _listening(ALSO_OPEN, port):
            upstream = HttpUpstream(Resolver(set(), lookup, reuse=0.0), SHORT)
            for _ in range(FLIPS):
                await one(upstream, port)
            assert not inside
            assert lookup.asked == FLIPS
            upstream.close()

    asyncio.run(tell())
    assert reached + blocked == FLIPS
    assert min(reached, blocked) > FLIPS // 10
    counted(f"{FLIPS} flips, {reached} reached a checked address, {blocked} refused, 0 connects to blocked ranges")


def test_calls_that_share_one_look_up_while_it_flips_all_get_its_one_answer():
    lookup = Flipping()

    async def tell() -> None:
        async with _listening(INSIDE, 0) as (port, inside), _listening(OPEN, port):
            upstream = HttpUpstream(Resolver(set(), lookup, reuse=0.0), SHORT)
            for round_number in range(20):
                lookup.answers = [OPEN if round_number % 2 else INSIDE]
                calls = [asyncio.ensure_future(_ask(upstream, port)) for _ in range(8)]
                await asyncio.sleep(0)
                lookup.answers = [INSIDE]
                ended = await asyncio.gather(*calls, return_exceptions=True)
                assert all(end == OPEN.encode() or isinstance(end, AgentSecretsError) for end in ended)
            assert not inside
            upstream.close()

    asyncio.run(tell())


def test_a_pooled_connection_belongs_to_its_checked_address():
    lookup = Flipping()

    async def tell() -> None:
        async with _listening(OPEN, 0) as (port, first), _listening(ALSO_OPEN, port) as (_, second):
            upstream = HttpUpstream(Resolver(set(), lookup, reuse=0.0), SHORT)
            for answer in (OPEN, OPEN, ALSO_OPEN, ALSO_OPEN, OPEN):
                lookup.answers = [answer]
                assert await _ask(upstream, port) == answer.encode()
            assert (len(first), len(second)) == (1, 1)
            lookup.answers = [INSIDE]
            try:
                await _ask(upstream, port)
            except AddressBlocked:
                upstream.close()
                return
            raise AssertionError("an idle connection outlived the check of its name")

    asyncio.run(tell())


def test_an_answer_is_used_for_a_while_and_then_asked_for_and_checked_again():
    lookup = Flipping()

    async def tell() -> None:
        resolver = Resolver(set(), lookup, reuse=0.2)
        asked = _asked(443)
        lookup.answers = [OPEN]
        for _ in range(5):
            assert await resolver.resolve(asked.target, asked.allowed) == [OPEN]
        assert lookup.asked == 1
        lookup.answers = [INSIDE]
        deadline = asyncio.get_running_loop().time() + 5
        while asyncio.get_running_loop().time() < deadline:
            try:
                await resolver.resolve(asked.target, asked.allowed)
            except AddressBlocked:
                return
            await asyncio.sleep(0.02)
        raise AssertionError("an old answer is used for ever")

    asyncio.run(tell())
