"""Long answers, handed out in pages. Only what the daemon has redacted is here, and only so much of it."""

from __future__ import annotations

import _thread
import os

PAGE = 24_000
"""Bytes of one page: what an assistant can read at once, about 6,000 to 10,000 tokens."""
_HELD = 16 << 20
_ANSWERS = 64
_LAST_OF_LETTER = 0b1100_0000
_FURTHER = 0b1000_0000


class Page:
    """A part of a text.

    Attributes:
        text: The part.
        offset: Where it begins, in bytes of UTF-8.
        total: How long the whole is, in bytes of UTF-8.
        source: Where the text came from.
        following: The cursor of the next part, empty when this is the last one.
    """

    __slots__ = ("following", "offset", "source", "text", "total")

    def __init__(self, text: str, *, offset: int, total: int, source: str, following: str) -> None:
        self.text, self.offset, self.total, self.source, self.following = text, offset, total, source, following


class Pages:
    """Holds the newest long answers; the oldest give way.

    Args:
        page: Bytes of one page.
        held: Most bytes of all answers together.
        answers: Most answers.
    """

    __slots__ = ("_answers", "_held", "_most", "_page", "_turn")

    def __init__(self, page: int = PAGE, held: int = _HELD, answers: int = _ANSWERS) -> None:
        self._page, self._held, self._most = page, held, answers
        self._answers: dict[str, tuple[str, bytes]] = {}
        self._turn = _thread.allocate_lock()

    def first(self, source: str, text: str) -> Page:
        """The first page of a text, which is kept when it has more than one."""
        content = text.encode("utf-8", "replace")
        name = os.urandom(16).hex()
        if len(content) > self._page:
            with self._turn:
                self._answers[name] = (source, content)
                self._make_room()
        return self._cut(name, source, content, 0)

    def page(self, cursor: str) -> Page | None:
        """The page of a cursor, None when it is not known or its answer had to give way."""
        name, dot, offset = cursor.partition(".")
        with self._turn:
            source, content = self._answers.get(name, ("", b""))
        known = dot and offset.isascii() and offset.isdecimal() and len(offset) < len(str(self._held)) + 1
        if not known or int(offset) >= len(content):
            return None
        return self._cut(name, source, content, int(offset))

    def _make_room(self) -> None:
        while len(self._answers) > self._most or sum(len(content) for _, content in self._answers.values()) > self._held:
            del self._answers[next(iter(self._answers))]

    def _cut(self, name: str, source: str, content: bytes, offset: int) -> Page:
        end = min(offset + self._page, len(content))
        while end < len(content) and content[end] & _LAST_OF_LETTER == _FURTHER:
            end -= 1  # never within a letter
        text = content[offset:end].decode("utf-8", "replace")
        following = f"{name}.{end}" if end < len(content) else ""
        return Page(text, offset=offset, total=len(content), source=source, following=following)
