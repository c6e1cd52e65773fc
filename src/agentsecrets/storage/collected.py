"""Names and values of a file that is being read: checked one by one, all good or none."""

from __future__ import annotations

from agentsecrets.errors import BadImport, BadKeyName, BadValue, ValueAsName
from agentsecrets.model.secret import KeyName, check_value, parse_key_name

MOST_ENTRIES = 10_000
FILE_LIMIT = 4 * 1024 * 1024
"""Longest file of secrets, in bytes: it is sealed, carried and stored in one piece."""

Entries = list[tuple[KeyName, bytes]]


class Collected:
    """The entries so far.

    Attributes:
        entries: Names and values, in the order of the file.
        empty: Names without a value, which say nothing that could be stored.
    """

    def __init__(self) -> None:
        self.entries: Entries = []
        self.empty: list[KeyName] = []
        self._where: dict[KeyName, str] = {}

    def add(self, where: str, name: str, value: bytes) -> None:
        """Takes one entry. What is refused is not repeated: a name could be a value in the wrong place.

        Args:
            where: Where it stands, such as ``line 3``.
            name: What stands in the place of the name.
            value: The value.

        Raises:
            BadImport: For a name or value that cannot be stored, a name that stands twice, and too many of them.
        """
        key = self._key(where, name)
        if key in self._where:
            raise BadImport(where=where, problem=f"the same name stands in {self._where[key]} already")
        self._where[key] = where
        if not value:
            self.empty.append(key)
            return
        try:
            check_value(value)
        except BadValue as refused:
            raise BadImport(where=where, problem=f"the value cannot be stored: {refused.subjects['problem']}") from None
        if len(self.entries) == MOST_ENTRIES:
            raise BadImport(where=where, problem=f"more than {MOST_ENTRIES} secrets at once")
        self.entries.append((key, value))

    def _key(self, where: str, name: str) -> KeyName:
        try:
            return parse_key_name(name)
        except ValueAsName:
            raise BadImport(where=where, problem="what stands in the place of the name looks like a value") from None
        except BadKeyName:
            raise BadImport(where=where, problem="a name is a letter or underscore, then up to 127 letters, digits, underscores") from None


def as_text(content: bytes) -> str:
    """The text of a file, without a byte order mark.

    Raises:
        BadImport: When it is too long, or not UTF-8.
    """
    if len(content) > FILE_LIMIT:
        raise BadImport(where="the file", problem=f"it is longer than {FILE_LIMIT} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        line = content.count(b"\n", 0, failure.start) + 1
        raise BadImport(where=f"line {line}", problem="it is not UTF-8") from None
