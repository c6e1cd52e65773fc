"""The loops that drive a transport: the daemon's, on which every test runs unless it says otherwise, and asyncio's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


def on_asyncio(told: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` on asyncio's own loop."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(told)


LOOPS: dict[str, Callable[[Coroutine[Any, Any, Any]], Any]] = {"uvloop": uvloop.run, "asyncio": on_asyncio}
