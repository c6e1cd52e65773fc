"""Taking values out of what a command prints, line by line, without holding up a prompt.

Whole lines go as soon as they end. Of a line that has not ended, the last bytes wait (one fewer than the longest form of a value has),
until more comes or the command has been silent for 50 milliseconds: then they go too, because it may be a prompt. So a value is found
whenever it stands within a line, in however many writes, unless the command falls silent in the middle of it: then its first part has
gone, and the rest of that line is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable

from agentsecrets.redact import MARK, Matcher, Redactor, SplitOverEvents

SILENCE_SECONDS = 0.05
SHORTEST = 8
"""Bytes of the shortest value that is looked for: a shorter one, such as ``true`` or ``8080``, stands in innocent output everywhere."""

_ARMOR = b"-----"
_LINE_ENDS = (b"\n", b"\r")


def needles(values: Iterable[bytes]) -> set[bytes]:
    """What is looked for: every value, and every line of a value that has several, because lines are let go one by one.

    Lines that only say what follows, such as ``-----BEGIN PRIVATE KEY-----``, are no secret and are left alone.
    """
    found = set()
    for value in values:
        found.add(value)
        lines = [line.strip() for line in value.splitlines()]
        found.update(line for line in lines if len(lines) > 1 and not line.startswith(_ARMOR))
    return {needle for needle in found if len(needle) >= SHORTEST}


class LineMask:
    """One stream of output without values.

    Args:
        matcher: What to look for.
        silence: Seconds of silence after which a line that has not ended is let go.
    """

    __slots__ = ("_dropping", "_due", "_matcher", "_redactor", "_silence")

    def __init__(self, matcher: Matcher, silence: float = SILENCE_SECONDS) -> None:
        self._matcher, self._silence = matcher, silence
        self._redactor = Redactor(matcher)
        self._due: float | None = None
        self._dropping = False

    @property
    def due(self) -> float | None:
        """When what is held must go, None while nothing is held."""
        return self._due

    def feed(self, chunk: bytes, now: float) -> bytes:
        """Takes what the command has printed; gives what may be shown.

        Args:
            chunk: At least one byte.
            now: Seconds of a clock that never goes back.
        """
        end = 1 + max(chunk.rfind(mark) for mark in _LINE_ENDS)
        whole, begun = chunk[:end], chunk[end:]
        shown = self._end_lines(whole) if whole else b""
        if not begun:
            self._due = None
            return shown
        self._due = now + self._silence
        return shown + self._guarded(begun)

    def settle(self, now: float) -> bytes:
        """Gives what was held, once the silence has lasted."""
        if self._due is None or now < self._due:
            return b""
        return self.finish()

    def finish(self) -> bytes:
        """Gives what was held; call it when the output has ended."""
        self._due = None
        return b"" if self._dropping else self._redactor.flush()

    def _end_lines(self, whole: bytes) -> bytes:
        """Everything up to a line end; then a new line begins, with nothing behind it."""
        shown = b""
        if self._dropping:
            first = 1 + min(at for mark in _LINE_ENDS if (at := whole.find(mark)) >= 0)
            shown, whole = whole[first - 1 : first], whole[first:]
            self._renew()
        try:
            shown += self._redactor.feed(whole) + self._redactor.flush()
        except SplitOverEvents:
            self._dropping = True
            return shown + MARK + self._end_lines(whole)
        self._renew()
        return shown

    def _guarded(self, begun: bytes) -> bytes:
        if self._dropping:
            return b""
        try:
            return self._redactor.feed(begun)
        except SplitOverEvents:
            self._dropping = True
            return MARK

    def _renew(self) -> None:
        self._redactor, self._dropping = Redactor(self._matcher), False
