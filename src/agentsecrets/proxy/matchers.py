"""What was made to look for the values of late calls."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from agentsecrets.model.call import StyleName
from agentsecrets.model.place import Place
from agentsecrets.model.secret import KeyName
from agentsecrets.redact import Matcher

KEPT = 64
"""How many stay in memory."""

Slots = tuple[Place, tuple[tuple[StyleName, KeyName], ...]]
"""Whose values: one matcher is kept for each, so a new version of a secret replaces the old one's."""


class Matchers:
    """Makes matchers in a thread, because a long value takes a while, and keeps them until the vault is locked."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Slots, tuple[tuple[bytes, ...], Matcher]] = OrderedDict()
        self._making = asyncio.Lock()

    def forget(self) -> None:
        """Drops every matcher: they hold values. One that is being made now is not kept."""
        self._kept = OrderedDict()

    def known(self, slots: Slots, values: tuple[bytes, ...]) -> Matcher | None:
        """The matcher for some values, if it is there."""
        found = self._kept.get(slots)
        if found is None or found[0] != values:
            return None
        self._kept.move_to_end(slots)
        return found[1]

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
            kept = self._kept
            matcher = await asyncio.to_thread(Matcher, values)
            kept[slots] = values, matcher
            if len(kept) > KEPT:
                kept.popitem(last=False)
            return matcher
