"""A thread that blocking work is handed to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class ThreadWorker:
    """One thread; deeds run in the order in which they were handed in."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, deed: Callable[[], T]) -> T:
        """Runs a deed to its end, even when the caller is cancelled meanwhile."""
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._pool, deed))

    def close(self) -> None:
        """Waits for what was handed in and ends the thread."""
        self._pool.shutdown(wait=True)
