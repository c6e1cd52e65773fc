"""Taking values out of bytes as they stream by.

What is released depends on lengths and framing only, never on content: exactly ``longest - 1`` bytes are held back until more arrives or
the body ends. Otherwise the delay would tell a caller which prefix of a value it had guessed.
"""

from __future__ import annotations

import re

from agentsecrets.proxy.redact.matcher import Matcher, Span
from agentsecrets.wire.headers import REDACTION_MARK

_BLANK_LINE = re.compile(rb"(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r(?!\n)|\n)")
"""What ends an event (WHATWG HTML §9.2.5: lines end in CR LF, LF or CR)."""


class SplitOverEvents(Exception):
    """A value was completed across two events; its first part has already gone, the rest must not follow."""


class Redactor:
    """Bytes in, the same bytes without values out.

    Args:
        matcher: What to look for.
        events: Whether the body is a stream of server-sent events: everything up to a blank line is released at once.
    """

    __slots__ = ("_covered", "_events", "_held", "_hold", "_matcher", "_past", "hits")

    def __init__(self, matcher: Matcher, *, events: bool = False) -> None:
        self._matcher = matcher
        self._events = events
        self._hold = max(0, matcher.longest - 1)
        self._held = b""
        self._past = 0
        """Leading bytes of ``_held`` that have been dealt with: released, or covered by a mark."""
        self._covered = 0
        """Leading bytes of ``_held`` that a mark already stands for."""
        self.hits = 0

    def feed(self, chunk: bytes) -> bytes:
        """Takes bytes and gives those that may go.

        Raises:
            SplitOverEvents: For an event stream only.
        """
        text = self._held + chunk
        cut = max(len(text) - self._hold, self._past)
        if self._events:
            cut = max(cut, self._end_of_event(text))
        return self._release(text, cut)

    def flush(self) -> bytes:
        """Gives what was held; call it at the end of the body.

        Raises:
            SplitOverEvents: For an event stream only.
        """
        return self._release(self._held, len(self._held))

    def _release(self, text: bytes, cut: int) -> bytes:
        released: list[bytes] = []
        at = self._past
        for start, end in self._spans(text):
            if start >= cut:
                break
            if start >= self._past:
                released += text[at:start], REDACTION_MARK
                self.hits += 1
            elif start >= self._covered:
                raise SplitOverEvents
            at = max(at, end)
        if at < cut:
            released.append(text[at:cut])
        kept_from = max(0, min(cut, len(text) - self._hold))
        self._held = text[kept_from:]
        self._past = max(at, cut) - kept_from
        self._covered = max(0, at - kept_from) if at >= cut else 0
        return b"".join(released)

    def _spans(self, text: bytes) -> list[Span]:
        """Matches that reach beyond what has been dealt with; one that begins under a mark only makes it longer."""
        return [(start, end) for start, end in self._matcher.spans(text) if end > self._past]

    def _end_of_event(self, text: bytes) -> int:
        ends = [match.end() for match in _BLANK_LINE.finditer(text, max(0, self._past - 3))]
        return ends[-1] if ends else 0


def redact_whole(matcher: Matcher, text: bytes) -> tuple[bytes, int]:
    """Takes values out of bytes that are all there.

    Returns:
        The bytes without values, and how many marks stand in them.
    """
    redactor = Redactor(matcher)
    return redactor.feed(text) + redactor.flush(), redactor.hits
