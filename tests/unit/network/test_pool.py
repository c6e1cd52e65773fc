"""Idle connections are few and young: the oldest gives way, and what was not used for too long is closed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from agentsecrets.network.http1.client import ClientConnection
from agentsecrets.network.upstream import HttpUpstream
from tests.unit.network.wires import SHORT, Script, network, outbound, says, upstream_that

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def _patient() -> Script:
    return says(*[OK] * 9)


async def _used(upstream: HttpUpstream, port: int) -> ClientConnection:
    """Asks once; answers the connection that is idle then."""
    await (await upstream.send(outbound(port))).close()
    return max(upstream._pool, key=lambda one: one.idle_since)


def test_of_too_many_the_one_that_was_idle_longest_gives_way():
    async def tell() -> None:
        async with (
            upstream_that(_patient()) as (first, _),
            upstream_that(_patient()) as (second, _),
            upstream_that(_patient()) as (third, accepted),
            network(replace(SHORT, idle_connections=2)) as upstream,
        ):
            one, two = await _used(upstream, first), await _used(upstream, second)
            assert await _used(upstream, first) is one, "used again, so no longer the oldest"
            three = await _used(upstream, third)
            assert len(upstream._pool) == 2
            assert {*upstream._pool} == {one, three}
            assert [connection.usable for connection in (one, two, three)] == [True, False, True]
            assert await _used(upstream, third) is three
            assert len(accepted) == 1

    asyncio.run(tell())


def test_a_sweep_closes_what_is_old_and_what_was_closed_and_nothing_else():
    async def tell() -> None:
        async with (
            upstream_that(_patient()) as (first, _),
            upstream_that(_patient()) as (second, _),
            upstream_that(_patient()) as (third, _),
            network() as upstream,
        ):
            old, closed, young = [await _used(upstream, port) for port in (first, second, third)]
            old.idle_since -= SHORT.reuse_seconds + 1
            closed.close()
            upstream.sweep()
            assert [*upstream._pool] == [young]
            assert len(upstream._pool) == 1
            assert not old.usable
            upstream.close()
            assert len(upstream._pool) == 0
            assert not young.usable

    asyncio.run(tell())


def test_one_that_was_idle_for_too_long_is_not_used_again():
    async def tell() -> None:
        async with upstream_that(_patient()) as (port, accepted), network() as upstream:
            old = await _used(upstream, port)
            old.idle_since -= SHORT.reuse_seconds + 1
            assert await _used(upstream, port) is not old
            assert not old.usable
            assert (len(accepted), len(upstream._pool)) == (2, 1)

    asyncio.run(tell())
