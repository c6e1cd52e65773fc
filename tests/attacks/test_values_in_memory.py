"""A value stays in what the daemon keeps for a minute or two behind its last use, and not until the vault is locked.

What Python has freed cannot be wiped; that nothing keeps a value is shown by following every reference from what the daemon keeps.
"""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from types import FrameType, FunctionType, ModuleType

from agentsecrets.daemon.unlocked import OpenVault, Vault
from agentsecrets.proxy.engine import Engine
from agentsecrets.proxy.matchers import UNUSED_SECONDS
from agentsecrets.vault.secrets import CACHE_SECONDS
from tests.parts.equipped import STYLES, VALUE, equipped
from tests.parts.house import House
from tests.parts.stand_ins import HandClock
from tests.parts.tls import TlsUpstream

_NOT_KEPT = (ModuleType, type, FunctionType, FrameType)


def _keeps_it(*roots: object) -> bool:
    """Whether bytes with the value can be reached."""
    seen: set[int] = set()
    waiting = [*roots]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, _NOT_KEPT):
            continue
        seen.add(id(one))
        if isinstance(one, bytes) and VALUE.encode() in one:
            return True
        waiting += gc.get_referents(one)
    return False


def _with_a_clock(house: House) -> tuple[HandClock, Vault]:
    """Puts the daemon's own vault and an engine over it into a house, both by a clock that is set by hand."""
    clock = HandClock()
    vault = Vault(OpenVault(house.account, house.person.unattended, house.state, house.worker, clock))
    house.engine = Engine(vault, vault, house.upstream, house.journal, clock)
    return clock, vault


def test_what_nobody_uses_leaves_what_the_daemon_keeps(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            clock, vault = _with_a_clock(house)
            engine = house.engine

            def sweep() -> None:
                vault.sweep()
                engine.sweep()
                house.upstream.sweep()

            for style in ("bearer", "basic", "header", "query"):
                for path in ("/leak/plain", "/status/200"):
                    reply = await house.call(upstream.url(path), STYLES[style].header)
                    assert VALUE.encode() not in (reply.whole or b"")
                    await reply.close()
            del reply
            sweep()
            assert _keeps_it(engine)
            assert _keeps_it(vault)
            clock.go_on(CACHE_SECONDS)
            sweep()
            assert not _keeps_it(vault)
            clock.go_on(UNUSED_SECONDS)
            sweep()
            assert not _keeps_it(engine, vault, house.upstream, house.journal)
            await (await house.call(upstream.url("/status/200"), STYLES["bearer"].header)).close()
            assert upstream.seen[-1].header("Authorization") == f"Bearer {VALUE}"

    with TlsUpstream() as upstream:
        asyncio.run(tell())


def test_what_is_used_keeps_what_was_made_to_look_for_it(tmp_path: Path):
    async def tell() -> None:
        async with equipped(tmp_path, upstream) as house:
            (clock, vault), made = _with_a_clock(house), set()
            for _ in range(12):
                await (await house.call(upstream.url("/status/200"), STYLES["bearer"].header)).close()
                made |= {id(kept.matcher) for kept in house.engine._injector._matchers._kept.values()}
                clock.go_on(UNUSED_SECONDS / 4)
                vault.sweep()
                house.engine.sweep()
            assert len(made) == 1

    with TlsUpstream() as upstream:
        asyncio.run(tell())
