"""What was made to look for the values of late calls."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import msgspec

from agentsecrets.model.call import StyleName
from agentsecrets.model.place import Place
from agentsecrets.model.secret import KeyName
from agentsecrets.ports import Clock
from agentsecrets.redact import Matcher

KEPT = 64
"""How many stay in memory."""

UNUSED_SECONDS = 120.0
"""How long one stays that nobody asks for. A key that is in use asks once a minute, when its value is opened anew."""

Slots = tuple[Place, tuple[tuple[StyleName, KeyName], ...]]
"""Whose values: one matcher is kept for each, so a new version of a secret replaces the old one's."""


class _Kept(msgspec.Struct):
    """A matcher, what it looks for, and when it was asked for last. Holds values: its repr is empty."""

    values: tuple[bytes, ...]
    matcher: Matcher
    used: float

    def __repr__(self) -> str:
        return "<_Kept>"


class Matchers:
    """Makes matchers in a thread, because a long value takes a while, and keeps them while they are used.

    Args:
        clock: Time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[Slots, _Kept] = OrderedDict()
        self._making = asyncio.Lock()

    def sweep(self) -> None:
        """Drops the matchers that were not asked for in the last ``UNUSED_SECONDS``: they hold values."""
        latest = self._clock.monotonic() - UNUSED_SECONDS
        self._kept = OrderedDict((slots, kept) for slots, kept in self._kept.items() if kept.used > latest)

    def known(self, slots: Slots, values: tuple[bytes, ...]) -> Matcher | None:
        """The matcher for some values, if it is there."""
        found = self._kept.get(slots)
        if found is None or found.values != values:
            return None
        self._kept.move_to_end(slots)
        found.used = self._clock.monotonic()
        return found.matcher

    async def get(self, slots: Slots, values: tuple[bytes, ...]) -> Matcher:
        """The matcher for some values.

        Args:
            slots: Where they were written.
            values: What they became there.
        """
        known = self.known(slots, values)
        if known is not None:
            return known
        async with self._making:
            known = self.known(slots, values)
            if known is not None:
                return known
            matcher = await asyncio.to_thread(Matcher, values)
            self._kept[slots] = _Kept(values, matcher, self._clock.monotonic())
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return matcher
