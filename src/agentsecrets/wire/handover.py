"""What ``agentsecrets env`` tells the hand-over program, through an inherited descriptor."""

from __future__ import annotations

import msgspec


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One command to run with values in its environment; it holds neither password nor value of ours.

    Attributes:
        home: The state folder.
        folder: Where the command was given, and runs.
        project: Name or id by flag or variable, empty for none.
        environment: Name by flag or variable, empty for none.
        command: Its words.
        only: Names of the keys that it is to have; all of the place when empty.
        variables: The environment of the person's shell, which the command gets besides.
        remember: Whether the same command is to go without a person from now on.
        masks: Whether values are taken out of what it prints.
        password_stdin: Whether the password stands on the first line of standard input.
        as_json: Whether a failure is told as JSON.
        asks: Whether there is a person who could be asked.
    """

    home: str
    folder: bytes
    command: tuple[bytes, ...]
    variables: tuple[tuple[bytes, bytes], ...]
    workspace: str = ""
    project: str = ""
    environment: str = ""
    only: tuple[str, ...] = ()
    remember: bool = False
    masks: bool = True
    password_stdin: bool = False
    as_json: bool = False
    asks: bool = False

    def encode(self) -> bytes:
        """The bytes for the descriptor."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def decode(cls, encoded: bytes) -> Order:
        """Reads what ``encode`` wrote.

        Raises:
            msgspec.DecodeError, msgspec.ValidationError: For anything else.
        """
        return msgspec.msgpack.decode(encoded, type=cls)

    def __repr__(self) -> str:
        return "<Order>"
