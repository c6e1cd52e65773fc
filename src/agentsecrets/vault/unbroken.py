"""Deeds that are done to their end once they were begun."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_under_way: set[asyncio.Task[Any]] = set()
"""The event loop itself keeps only weak references to tasks."""


async def unbroken(deed: Coroutine[Any, Any, T]) -> T:
    """Does a deed to its end although its caller may be cancelled meanwhile: what is on disk and what is in memory stay the same.

    Args:
        deed: What writes to the disk and then to memory.
    """
    task = asyncio.get_running_loop().create_task(deed)
    _under_way.add(task)
    task.add_done_callback(_end)
    return await asyncio.shield(task)


def _end(task: asyncio.Task[Any]) -> None:
    _under_way.discard(task)
    if not task.cancelled():
        task.exception()  # looked at: nobody may be left who waits for it
