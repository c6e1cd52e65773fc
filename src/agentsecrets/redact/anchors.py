"""Short byte strings of which every form of a view contains at least one.

A window of a few neighbouring symbols stands in a form either as it is, or with one of its symbols escaped. So the window itself and the
escapes of its symbols are all that has to be searched for, however long the value is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product

from agentsecrets.redact.spelling import is_safe, literals, spellings
from agentsecrets.redact.views import View

_WIDTH = {"text": 4, "octets": 4, "base64": 5, "exact": 8}
"""Symbols in a window."""
_SEARCHED = 4096
"""The window is chosen among so many first symbols."""
_BEHIND = 4
"""So many symbols stay behind the window where possible: they are what a candidate is judged by, all at once."""
_NEAR = 32
"""The second window of a text that is wrapped begins so near the first that one line break cannot cut both."""
_UNSAFE_COST, _SMALL_COST, _DISTANCE_COST, _HEX_LETTER_COST = 10.0, 1.0, 0.05, 2.0
_HEX = frozenset("abcdef")

_REFERENCE = re.compile(rb"&(?:amp;)?#[xX]?0*([0-9a-fA-F]+;)")
_UNIT = re.compile(rb"[\\%]+(u[0-9a-fA-F]{4})$")


@dataclass(frozen=True, slots=True)
class Place:
    """What it means that an anchor was found.

    Attributes:
        view: Whose form may be there.
        index: The symbol whose spelling has then just ended.
        back: So many bytes before the end of the anchor.
    """

    view: View
    index: int
    back: int = 0


def anchors_of(view: View) -> Iterator[tuple[bytes, Place]]:
    """The anchors of one view."""
    for start in _windows(view):
        yield from _anchors_at(view, start)


def _windows(view: View) -> tuple[int, ...]:
    width, count = _WIDTH[view.kind], len(view.symbols)
    last = max(0, count - width)
    first = min(range(min(max(0, last - _BEHIND), _SEARCHED) + 1), key=lambda start: _cost(view, start))
    others = range(first + width, min(last, first + _NEAR) + 1)
    if view.kind == "base64" and others:
        return first, min(others, key=lambda start: _cost(view, start))
    return (first,)


def _cost(view: View, start: int) -> float:
    """How common the anchors of a window are in innocent text, and how many there are."""
    cost = start * _DISTANCE_COST
    for symbol in view.symbols[start : start + _WIDTH[view.kind]]:
        if view.kind == "exact":
            cost += _HEX_LETTER_COST if symbol in _HEX else 0
        else:
            cost += 0 if symbol.isdigit() or symbol.isupper() else _SMALL_COST if is_safe(symbol) else _UNSAFE_COST
    return cost


def _anchors_at(view: View, start: int) -> Iterator[tuple[bytes, Place]]:
    window = view.symbols[start : start + _WIDTH[view.kind]]
    last = start + len(window) - 1
    for text in _as_they_are(view, window):
        yield text, Place(view, last)
    for index, symbol in enumerate(window, start):
        if view.whole or not is_safe(symbol):
            for text, back in _escapes(view, index, start):
                yield text, Place(view, index, back)
    if view.kind != "base64" or len(_windows(view)) == 1:
        yield from _broken(view, start, window)


def _as_they_are(view: View, window: str) -> Iterator[bytes]:
    plain = [b"".join(parts) for parts in product(*(literals(symbol, view.kind) for symbol in window))]
    yield from plain
    if view.kind == "exact" and _HEX.issuperset(window.translate(_WITHOUT_DIGITS)):
        yield from (b"".join(parts) for parts in product(*({symbol.encode(), symbol.upper().encode()} for symbol in window)))
    elif view.whole:
        yield from (case for text in plain for case in (text.lower(), text.upper()))


_WITHOUT_DIGITS = str.maketrans("", "", "0123456789")


def _escapes(view: View, index: int, start: int) -> Iterator[tuple[bytes, int]]:
    """Everything that an escaped spelling of a symbol ends with; the second part is what follows it in the anchor."""
    symbol = view.symbols[index]
    plain = _in_each_case(literals(symbol, view.kind))
    kept: list[bytes] = []
    for ending in sorted(
        {_ending(spelling) for spelling in spellings(symbol, view.kind) - plain}, key=lambda ending: (len(ending), ending)
    ):
        if ending.startswith(b"=") and is_safe(symbol):
            yield from _quoted(view, index, start, ending)
        elif not any(ending.endswith(other) for other in kept):
            kept.append(ending)
            yield ending, 0


def _in_each_case(texts: tuple[bytes, ...]) -> set[bytes]:
    return {case for text in texts for case in (text, text.lower(), text.upper())}


def _ending(spelling: bytes) -> bytes:
    reference, unit = _REFERENCE.fullmatch(spelling), _UNIT.search(spelling)
    return reference[1] if reference else unit[1] if unit else spelling


def _quoted(view: View, index: int, start: int, escape: bytes) -> Iterator[tuple[bytes, int]]:
    """``=XX`` of a letter or digit, with its neighbour: alone, it would be found in many an URL."""
    if index > start:
        yield from ((before + escape, 0) for before in _in_each_case(literals(view.symbols[index - 1], view.kind)))
    elif index + 1 < len(view.symbols):
        yield from ((escape + after, len(after)) for after in (b"=", *_in_each_case(literals(view.symbols[index + 1], view.kind))))
    else:
        yield escape, 0


def _broken(view: View, start: int, window: str) -> Iterator[tuple[bytes, Place]]:
    """The window with a line break in it."""
    for at, (one, other) in enumerate(pairwise(window), start + 1):
        for before, line_break, after in product(literals(one, view.kind), view.breaks, literals(other, view.kind)):
            yield before + line_break + after, Place(view, at)
