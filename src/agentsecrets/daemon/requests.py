"""What agents have asked people for: names and reasons, in memory until they are answered."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

from agentsecrets.errors import BadHeader, TooManyRequests
from agentsecrets.model.agent import declared
from agentsecrets.model.place import Place
from agentsecrets.model.secret import KeyName
from agentsecrets.ports import Clock

MOST = 50
"""Most requests that wait for a person at once: an agent cannot bury one under many."""

LONGEST_REASON = 500
_KEPT_MS = 24 * 3600 * 1000


@dataclass(slots=True)
class Pending:
    """One request that nobody has answered yet.

    Attributes:
        agent: The name that the agent gave itself, empty for none.
        reason: Its own words; not to be trusted.
        answered: Set when the key is set.
    """

    place: Place
    key: KeyName
    agent: str
    reason: str
    time_ms: int
    answered: asyncio.Event = field(default_factory=asyncio.Event)


class Requests:
    """The requests of this daemon; each is forgotten after a day.

    Args:
        clock: Time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pending: dict[tuple[Place, KeyName], Pending] = {}

    @property
    def waiting(self) -> list[Pending]:
        """Those that nobody has answered yet, oldest first."""
        since = self._clock.now_ms() - _KEPT_MS
        self._pending = {where: pending for where, pending in self._pending.items() if pending.time_ms > since}
        return list(self._pending.values())

    def ask(self, place: Place, key: KeyName, agent: str, reason: str) -> Pending:
        """Notes a request; of two for the same key the first stays.

        Raises:
            TooManyRequests, BadHeader
        """
        if agent:
            declared(agent)
        if len(reason) > LONGEST_REASON:
            raise BadHeader(problem=f"a reason is at most {LONGEST_REASON} characters")
        known = {(pending.place, pending.key): pending for pending in self.waiting}.get((place, key))
        if known is not None:
            return known
        if len(self._pending) >= MOST:
            raise TooManyRequests(limit=MOST)
        made = self._pending[place, key] = Pending(place, key, agent, reason, self._clock.now_ms())
        return made

    async def wait(self, pending: Pending, seconds: float) -> None:
        """Waits until a request is answered, or that long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await pending.answered.wait()

    def answer(self, place: Place, key: KeyName) -> None:
        """A person has set a key: whoever waits for it learns that, and nothing else."""
        pending = self._pending.pop((place, key), None)
        if pending is not None:
            pending.answered.set()
