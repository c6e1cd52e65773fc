"""What is asked of the keychain's program, and what it tells; each a line in a pipe that only the two of them have."""

from __future__ import annotations

from typing import Literal

import msgspec


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing to do.

    Attributes:
        verb: A method of ``ports.Keychain``.
        item: Name of the item.
        key: What to write into it.
    """

    verb: Literal["check", "read", "write", "delete"]
    item: str = ""
    key: bytes = b""

    def __repr__(self) -> str:
        return f"<Question {self.verb}>"


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of it.

    Attributes:
        name: The keychain's name.
        key: What is in the item, None when there is none.
    """

    name: str = ""
    key: bytes | None = None

    def __repr__(self) -> str:
        return f"<Told by {self.name}>"
