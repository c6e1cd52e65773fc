"""``ports.Clock`` by the system's clocks."""

from __future__ import annotations

import time


class SystemClock:
    """Wall clock and monotonic clock."""

    def now_ms(self) -> int:
        """Unix time in milliseconds."""
        return time.time_ns() // 1_000_000

    monotonic = staticmethod(time.monotonic)
    """Seconds that never go back."""
