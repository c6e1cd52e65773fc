"""Taking values out of bytes as they stream by.

What is released depends on lengths and framing only, never on content: exactly ``longest - 1`` bytes are held back until more arrives or
the body ends. Otherwise the delay would tell a caller which prefix of a value it had guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from agentsecrets.redact.matcher import Candidate, Matcher, Span, Undecided

MARK = b"[REDACTED_BY_AGENTSECRETS]"
"""What stands in place of a value."""

_BLANK_LINE = re.compile(rb"(?:\r\n|\r(?!\n)|\n)(?=(\r\n|\r(?!\n)|\n))")
"""What ends an event, as the first group, behind the end of another line (WHATWG HTML §9.2.5: lines end in CR LF, LF or CR)."""

_USUAL_ENDS = (b"\n\n", b"\r\n\r\n")
"""What ends with one of these ends with a blank line; nearly all events do."""


class SplitOverEvents(Exception):
    """A value was completed across two events; its first part has already gone, the rest must not follow."""


class Redactor:
    """Bytes in, the same bytes without values out.

    Args:
        matcher: What to look for.
        events: Whether the body is a stream of server-sent events: everything up to a blank line is released at once.

    Attributes:
        hits: How many marks have been released.
    """

    __slots__ = ("_events", "_held", "_marked_from", "_matcher", "_origin", "_past", "_reach", "_spans", "_waiting", "hits")

    def __init__(self, matcher: Matcher, *, events: bool = False) -> None:
        self._matcher = matcher
        self._events = events
        self._reach = max(0, matcher.longest - 1)
        """Bytes of a value that is not complete, at most."""
        self._held = b""
        self._origin = 0
        """Offset in the whole body of the first held byte. All that follow are such offsets."""
        self._past = 0
        """Everything before has been dealt with: released, or covered by a mark."""
        self._marked_from = 0
        """From here up to ``_past``, a mark stands for everything."""
        self._waiting: list[tuple[int, Candidate]] = []
        self._spans: list[Span] = []
        self.hits = 0

    def feed(self, chunk: bytes) -> bytes:
        """Takes bytes and gives those that may go.

        Raises:
            SplitOverEvents: For an event stream, and after a flush.
        """
        known = len(self._held)
        text = self._held = self._held + chunk
        found = self._matcher.candidates(text, max(0, known - self._matcher.overlap), known)
        if found:
            self._waiting += [(self._origin + end, candidate) for end, candidate in found]
        cut = held_from = max(0, len(text) - self._reach)
        if self._events:
            cut = len(text) if text.endswith(_USUAL_ENDS) else max(cut, self._end_of_event(text))
        return self._release(max(cut + self._origin, self._past), held_from)

    def flush(self) -> bytes:
        """Gives what was held; call it at the end of the body, or wherever nothing may be held any longer.

        Raises:
            SplitOverEvents: As for ``feed``.
        """
        size = len(self._held)
        return self._release(size + self._origin, max(0, size - self._reach))

    def _release(self, cut: int, held_from: int) -> bytes:
        """Everything before the cut that has not been dealt with, values taken out."""
        origin, text = self._origin, self._held
        if self._waiting:
            self._decide(cut)
        if self._spans:
            released = self._marked(cut)
        else:
            released = text[self._past - origin : cut - origin]
            self._marked_from = cut if released else self._marked_from
            self._past = cut
        kept_from = min(cut - origin, held_from)
        self._held, self._origin = text[kept_from:], origin + kept_from
        return released

    def _marked(self, cut: int) -> bytes:
        released: list[bytes] = []
        at, marked_from, origin, text = self._past, self._marked_from, self._origin, self._held
        spans, self._spans = _merged(self._spans), []
        for start, end in spans:
            if start >= cut:
                self._spans.append((start, end))
            elif end > self._past:
                if start >= self._past:
                    released += text[at - origin : start - origin], MARK
                    self.hits += 1
                    marked_from = start
                elif start < self._marked_from:
                    raise SplitOverEvents
                at = max(at, end)
        if at < cut:
            released.append(text[at - origin : cut - origin])
            marked_from = cut
        self._marked_from = marked_from
        self._past = max(at, cut)
        return b"".join(released)

    def _decide(self, cut: int) -> None:
        """Settles every candidate whose form could begin before the cut; all the text that it needs is there by then."""
        waiting: list[tuple[int, Candidate]] = []
        settled: tuple[int, Candidate] | None = None
        for end, candidate in self._waiting:
            at = end - self._origin
            if settled and candidate.continues(settled[1], self._held[settled[0] : at]):
                continue
            found = candidate.decide(self._held, at) if end - candidate.lead < cut else Undecided.MORE
            short = len(self._held) - at < candidate.tail
            if found is Undecided.MORE or (found and short and found[0] + self._origin >= cut):
                waiting.append((end, candidate))
            elif found:
                self._spans.append((found[0] + self._origin, found[1] + self._origin))
                settled = at, candidate
        self._waiting = waiting

    def _end_of_event(self, text: bytes) -> int:
        ends = [match.end(1) for match in _BLANK_LINE.finditer(text, max(0, self._past - self._origin - 3))]
        return ends[-1] if ends else 0


def redact_whole(matcher: Matcher, text: bytes) -> tuple[bytes, int]:
    """Takes values out of bytes that are all there.

    Returns:
        The bytes without values, and how many marks stand in them.
    """
    if not matcher.suspects(text):
        return text, 0
    redactor = Redactor(matcher)
    return redactor.feed(text) + redactor.flush(), redactor.hits


def redact(text: bytes, values: Iterable[bytes]) -> bytes:
    """Takes values out of bytes that are all there, in every form.

    For more than one text make a ``Matcher`` once and use ``redact_whole``.

    Args:
        text: Any bytes.
        values: Each 1 byte to 64 KiB.
    """
    return redact_whole(Matcher(values), text)[0]


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
