"""A clock that jumps backwards (a battery, a virtual machine, an administrator) breaks no chain and keeps no call."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from agentsecrets.audit.verify import verify_log
from agentsecrets.audit.view import newest
from agentsecrets.model.allowlist import AllowedHost
from tests.parts.house import House, open_house, read
from tests.parts.tls import TlsUpstream

DAY_MS = 86_400_000


class JumpingClock:
    """``ports.Clock`` whose wall time can be set; the other one only goes forward, as systems promise."""

    def __init__(self) -> None:
        self.offset_ms = 0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.offset_ms

    def monotonic(self) -> float:
        return time.monotonic()


async def _call(house: House, upstream: TlsUpstream) -> str:
    reply = await house.call(upstream.url("/echo"), ("X-AS-Inject-Bearer", "KEY"))
    await read(reply)
    return next(value for name, value in reply.fields if name == b"X-AS-Event").decode()


def test_calls_secrets_and_entries_follow_one_another_although_the_clock_goes_back(tmp_path: Path) -> None:
    async def story(upstream: TlsUpstream) -> None:
        async with open_house(tmp_path / "home") as house:
            house.clock = clock = JumpingClock()  # type: ignore[assignment]
            house.open()
            await house.journal.start()
            await house.allow(upstream.allowed)
            await house.set("KEY", b"sk_live_51HxQ7zvBqLm9")
            events = [await _call(house, upstream)]
            clock.offset_ms = -400 * DAY_MS
            await house.set("KEY", b"sk_live_a_newer_value_x")
            await house.allow(AllowedHost("api.example.com", 443))
            events.append(await _call(house, upstream))
            assert upstream.seen[-1].header("Authorization") == "Bearer sk_live_a_newer_value_x"
            await house.journal.checkpoint(house.person.unattended.device, house.account.account_id, now=True)
            clock.offset_ms = 400 * DAY_MS
            events.append(await _call(house, upstream))
            await house.journal.checkpoint(house.person.unattended.device, house.account.account_id, now=True)
            assert [line["id"] for line in newest(house.log, 10)] == events
            assert verify_log(house.log, house.workspace.identity).first_bad is None
            house.open()  # the ledger replays: a later entry is never older than the one before
            assert len(house.workspace.state.allowed) == 2
            assert [line.version for line in await house.secrets.lines(house.place)] == [2]

    with TlsUpstream() as upstream:
        asyncio.run(story(upstream))
