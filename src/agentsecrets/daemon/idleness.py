"""How long nobody has used the vault."""

from __future__ import annotations

from agentsecrets.ports import Clock


class Idleness:
    """Counts from the last use.

    Args:
        clock: Time.
        limit_s: Seconds without use after which the vault is locked.
    """

    def __init__(self, clock: Clock, limit_s: float) -> None:
        self._clock = clock
        self._limit_s = limit_s
        self._since = clock.monotonic()

    def touch(self) -> None:
        """Somebody uses it now."""
        self._since = self._clock.monotonic()

    @property
    def expired(self) -> bool:
        """Whether the limit has passed."""
        return self._clock.monotonic() - self._since >= self._limit_s
