"""The wall: the one type that holds a secret value."""

from __future__ import annotations

from typing import NoReturn


class Value:
    """Bytes that must not be seen: no text form, no comparison, no copy, no pickle.

    ``reveal`` is the only way in; ``tests/architecture`` lists the files that may call it.
    """

    __slots__ = ("__raw",)

    def __init__(self, raw: bytes) -> None:
        self.__raw = raw

    def reveal(self) -> bytes:
        """The bytes themselves."""
        return self.__raw

    def __len__(self) -> int:
        return len(self.__raw)

    def __repr__(self) -> str:
        return "<Value>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "<Value>"

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("values are not compared")

    def __hash__(self) -> NoReturn:
        raise TypeError("values are not hashed")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("values are not copied or pickled")

    def __getstate__(self) -> NoReturn:
        raise TypeError("values are not copied or pickled")
