"""Finding every form of some values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from agentsecrets.redact.anchors import Place, anchors_of
from agentsecrets.redact.spelling import AMBIGUOUS, Kind, longest, plain_skeleton, skeleton, table
from agentsecrets.redact.views import View, views_of

Span = tuple[int, int]

_TOGETHER = 64
"""Anchors in one automaton: up to so many it searches with vector instructions (the ``packed`` searcher of the aho-corasick crate)."""
_AHEAD = 16
"""A candidate is judged by so many symbols at once."""
_BLOCK = 16
_READ_IN_TWO_WAYS = re.compile(rb"[%\\&='\"\r\n]")


class Undecided(Enum):
    """The text ends too early to say whether there is a form."""

    MORE = "more text is needed"


class Matcher:
    """What to look for. Made once for some values, then shared by every text; it holds the values.

    Args:
        values: Each 1 byte to 64 KiB.

    Attributes:
        longest: Bytes in the longest form of any of them.
        overlap: Bytes of an old text that an anchor in a new one may begin in.
        anchors: How many byte strings are searched for.
    """

    __slots__ = ("_candidates", "_searches", "anchors", "longest", "overlap")

    def __init__(self, values: Iterable[bytes]) -> None:
        places: dict[bytes, list[Candidate]] = {}
        self._candidates = places
        for value in dict.fromkeys(value for value in values if value):
            for view in views_of(value):
                for anchor, place in anchors_of(view):
                    places.setdefault(anchor, []).append(Candidate.at(place))
        self.longest = max((one.lead + one.tail for found in places.values() for one in found), default=0)
        self.overlap = max(map(len, places), default=1) - 1
        self.anchors = len(places)
        anchors = sorted(places, key=lambda anchor: (len(anchor), anchor))
        self._searches = tuple(_Search(anchors[start : start + _TOGETHER]) for start in range(0, len(anchors), _TOGETHER))

    def suspects(self, text: bytes) -> bool:
        """Whether a text is worth a closer look; where not, it holds no form."""
        for search in self._searches:  # noqa: SIM110  (asked for every answer, and a generator costs more than the search)
            if search.leftmost(text):
                return True
        return False

    def candidates(self, text: bytes, start: int, fresh: int) -> list[tuple[int, Candidate]]:
        """Where forms may be, with the end of the spelling that was found there.

        Args:
            text: What to search.
            start: Where to begin, ``overlap`` bytes before what is new.
            fresh: Where the new bytes begin: anchors that end before were found earlier.
        """
        new = memoryview(text)[start:]
        found: list[tuple[int, Candidate]] = []
        for search in self._searches:
            leftmost = search.leftmost(new)
            if leftmost:
                for anchor, end in search.anchors(leftmost, text, start):
                    if end > fresh:
                        found += [(end - one.back, one) for one in self._candidates[anchor]]
        return found

    def __repr__(self) -> str:
        return "<Matcher>"


class _Search:
    """Some anchors and the two automata for them: the fast one sees only what stands leftmost, the other everything.

    Attributes:
        leftmost: Which anchors stand leftmost in a text, each with its beginning and end.
    """

    __slots__ = ("_all", "_anchors", "_widest", "leftmost")

    def __init__(self, anchors: list[bytes]) -> None:
        self._anchors = anchors
        self._widest = max(map(len, anchors))
        self.leftmost = BytesAhoCorasick(anchors, matchkind=MatchKind.LeftmostFirst).find_matches_as_indexes
        self._all = BytesAhoCorasick(anchors, matchkind=MatchKind.Standard)

    def anchors(self, leftmost: Iterable[tuple[int, int, int]], text: bytes, start: int) -> Iterator[tuple[bytes, int]]:
        """Every anchor with its end. Whatever the fast automaton leaves out overlaps something that it finds.

        Args:
            leftmost: What the fast automaton finds from ``start`` on.
            text: What is searched.
            start: Where the search began.
        """
        done = start
        for _, first, last in leftmost:
            low, high = max(done, start + first - self._widest + 1), start + last + self._widest - 1
            for which, _, end in self._all.find_matches_as_indexes(text[low:high], overlapping=True):
                yield self._anchors[which], low + end
            done = max(done, low)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where a form may be, and how to tell.

    Attributes:
        lead: Bytes before the end of the anchor that a form may begin at.
        tail: Bytes behind it that a form may reach.
        back: Bytes of the anchor that do not belong to the spelling found.
        expected: The skeleton of the symbols behind it, or nothing where that could be read in two ways.
        near: So many bytes behind it belong to those symbols in any form.
        reach: So many bytes behind it may be needed for all of them.
    """

    view: View
    index: int
    lead: int
    tail: int
    back: int
    expected: bytes = field(repr=False)
    near: int
    reach: int

    @classmethod
    def at(cls, place: Place) -> Candidate:
        """What to check where an anchor was found."""
        view, index = place.view, place.index
        following = view.symbols[index + 1 : index + 1 + _AHEAD]
        plain = following.encode("utf-8", "surrogatepass") if view.kind == "text" else following.encode("latin-1")
        reach = sum(longest(symbol, view.kind) for symbol in following) + max(map(len, view.breaks), default=0)
        expected = b"" if AMBIGUOUS.search(plain.rstrip(b"=")) else skeleton(plain.rstrip(b"="))
        return cls(view, index, view.lead(index), view.tail(index), place.back, expected, len(following), reach)

    def continues(self, other: Candidate, text: bytes) -> bool:
        """Whether text leads from the spelling of another candidate's symbol exactly to this one's: they are in one form then."""
        if self.view is not other.view or self.index <= other.index:
            return False
        return len(text) in _follow(text.lower(), self.view.symbols[other.index + 1 : self.index + 1], self.view)

    def decide(self, text: bytes, end: int) -> Span | Undecided | None:
        """Says where the form is.

        The first test takes as long whatever the text is: a guess that is right in part cannot be told from one that is all wrong.

        Args:
            text: What surrounds the candidate.
            end: Where the spelling of its symbol ends.
        """
        if self.expected:
            near = plain_skeleton(text[end : end + self.near])
            if near is not None and not self.expected.startswith(near):
                return None
        short = len(text) - end < self.tail
        if not skeleton(text[end : end + self.reach]).startswith(self.expected):
            return Undecided.MORE if short and len(text) - end < self.reach else None
        view = self.view
        starts = _follow(text[max(0, end - self.lead) : end].lower()[::-1], view.symbols[self.index :: -1], view, backward=True)
        if not starts:
            return None
        first = end - max(starts)
        before = _edge(text[max(0, end - self.lead) : first].lower()[::-1], view.before, backward=True)
        if view.edged and view.before and not before:
            return None
        ends = _follow(text[end : end + self.tail].lower(), view.symbols[self.index + 1 :], view)
        last = end + max(ends, default=0)
        after = _edge(text[last : end + self.tail].lower(), view.after)
        if not ends or (view.edged and view.after and not after):
            return Undecided.MORE if short else None
        last += after
        for _ in range(view.padding if after else 0):
            last += _edge(text[last : end + self.tail].lower(), "=")
        return first - before, last


def _follow(text: bytes, symbols: str, view: View, *, backward: bool = False) -> set[int]:
    """Ends of all ways to read symbols from the beginning of a text."""
    breaks = tuple(line_break[::-1] for line_break in view.breaks) if backward else view.breaks
    plain = b"" if backward else _plain(symbols, view.kind)
    ends, at = {0}, 0
    while at < len(symbols):
        block = plain[at : at + _BLOCK]
        if block and len(ends) == 1 and text.startswith(block, (end := next(iter(ends)))):
            ends, at = {end + len(block)}, at + len(block)
            continue
        spelled = table(symbols[at], view.kind, backward=backward)
        ends = {
            start + len(spelling)
            for end in ends
            for start in (end, *(end + len(line_break) for line_break in breaks if text.startswith(line_break, end)))
            if start < len(text)
            for spelling in spelled.get(text[start], ())
            if text.startswith(spelling, start)
        }
        if not ends:
            break
        at += 1
    return ends


def _plain(symbols: str, kind: Kind) -> bytes:
    """Symbols as bytes of which many can be compared at once, or none: not where one could be read in two ways."""
    if not symbols.isascii() and kind == "text":
        return b""
    plain = symbols.encode("latin-1").lower()
    return b"" if _READ_IN_TWO_WAYS.search(plain) else plain


def _edge(text: bytes, digits: str, *, backward: bool = False) -> int:
    """Bytes in the spelling of one of some digits that a text begins with."""
    if not text:
        return 0
    return max(
        (
            len(spelling)
            for digit in digits
            for spelling in table(digit, "base64", backward=backward).get(text[0], ())
            if text.startswith(spelling)
        ),
        default=0,
    )
