"""What was found lately, so that it need not be found again."""

from __future__ import annotations

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(dict[K, V]):
    """A dictionary of so many entries; of more, the oldest go.

    Args:
        most: How many are kept.
    """

    __slots__ = ("_most",)

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: K, value: V) -> V:
        """Adds an entry; answers its value."""
        if len(self) >= self._most and key not in self:
            del self[next(iter(self))]
        self[key] = value
        return value
