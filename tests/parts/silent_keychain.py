"""A Secret Service that takes every question and never answers."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Self

from jeepney import MatchRule, Message, message_bus
from jeepney.io.blocking import Proxy, open_dbus_connection

_SECRETS = "org.freedesktop.secrets"


class SilentKeychain:
    """Owns the name of the Secret Service on a bus; what is sent to it piles up.

    Args:
        address: Where the bus is.
    """

    def __init__(self, address: str) -> None:
        self._bus = open_dbus_connection(bus=address)
        Proxy(message_bus, self._bus).RequestName(_SECRETS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self._bus.close()

    def asked(self) -> int:
        """How many messages have come so far and were not answered."""
        questions: deque[Message] = deque()
        with self._bus.filter(MatchRule(type="method_call"), queue=questions):
            Proxy(message_bus, self._bus).NameHasOwner(_SECRETS)  # what came before its answer has been read then
        return len(questions)
