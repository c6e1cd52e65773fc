"""Finding many byte strings at once."""

from __future__ import annotations

from collections.abc import Iterable

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from agentsecrets.proxy.redact.forms import all_forms

Span = tuple[int, int]


class Matcher:
    """All forms of some values, ready to be searched for. Built once, then shared by every answer."""

    __slots__ = ("_all", "_any", "longest")

    def __init__(self, values: Iterable[bytes]) -> None:
        forms = sorted(set().union(*(all_forms(value) for value in values)))
        self.longest = max((len(form) for form in forms), default=0)
        self._any = BytesAhoCorasick(forms, matchkind=MatchKind.LeftmostFirst) if forms else None
        self._all = BytesAhoCorasick(forms, matchkind=MatchKind.Standard) if forms else None

    def spans(self, text: bytes) -> list[Span]:
        """All places where a form stands, overlapping ones merged, in order: start and end."""
        if self._any is None or self._all is None or not self._any.find_matches_as_indexes(text):
            return []  # nearly always, and several times as fast as asking for overlapping matches
        merged: list[Span] = []
        for start, end in sorted((start, end) for _, start, end in self._all.find_matches_as_indexes(text, overlapping=True)):
            if merged and start < merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            else:
                merged.append((start, end))
        return merged

    def __repr__(self) -> str:
        return "<Matcher>"
