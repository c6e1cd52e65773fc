"""Waiting for a condition, not for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

_SECONDS = 30.0
_PAUSE = 0.01


def wait_until(condition: Callable[[], bool], seconds: float = _SECONDS) -> None:
    """Looks again and again until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(_PAUSE)


async def until(condition: Callable[[], bool], seconds: float = _SECONDS) -> None:
    """The same beside other tasks."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  (a condition of any kind has no event)
            await asyncio.sleep(_PAUSE / 2)
