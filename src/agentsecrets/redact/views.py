"""What a value may have been turned into as a whole, before any text encoder passed over it."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from agentsecrets.redact.spelling import BREAKS_IN_BASE64, BREAKS_IN_TEXT, Kind, longest

_BETWEEN_BREAKS = 16
"""At most one line break is followed in so many symbols."""
_BITS = 6
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
EVERY_FORM_FROM = 4
"""Shortest value, in bytes, that is looked for in every form: within a longer base64 text a shorter one would be found in innocent text."""
_SHORTEST_HEX = 3
_SHORTEST_WIDE = 2


@dataclass(frozen=True, eq=False)
class View:
    """One text to look for, in any spelling.

    Attributes:
        symbols: The text.
        kind: What its symbols are.
        whole: Whether even letters and digits may be escaped, one by one.
        breaks: Line breaks that may stand between two symbols.
        before: Digits that may precede it because they hold bits of it (base64 only).
        after: Digits that may follow it for the same reason.
        padding: How many ``=`` may follow then.
        edged: Whether it counts only between such digits: alone it is too short.
    """

    symbols: str
    kind: Kind
    whole: bool = False
    breaks: tuple[bytes, ...] = ()
    before: str = ""
    after: str = ""
    padding: int = 0
    edged: bool = False

    def lead(self, index: int) -> int:
        """Bytes in the longest form of everything up to a symbol, this one included."""
        return self._reach(self.symbols[: index + 1]) + _widest(self.before)

    @cached_property
    def _total(self) -> int:
        return sum(longest(symbol, self.kind) * count for symbol, count in Counter(self.symbols).items())

    def tail(self, index: int) -> int:
        """Bytes in the longest form of everything behind a symbol."""
        head, count = self.symbols[: index + 1], len(self.symbols) - index - 1
        bare = self._total - sum(longest(symbol, self.kind) for symbol in head)
        return bare + self._breaks(count) + _widest(self.after) + self.padding * longest("=", "text")

    def _reach(self, symbols: str) -> int:
        return sum(longest(symbol, self.kind) for symbol in symbols) + self._breaks(len(symbols))

    def _breaks(self, count: int) -> int:
        return max(map(len, self.breaks), default=0) * (1 + count // _BETWEEN_BREAKS) * (count > 0)

    def __repr__(self) -> str:
        return "<View>"


def _widest(digits: str) -> int:
    return max((longest(digit, "base64") for digit in digits), default=0)


def views_of(value: bytes) -> Iterator[View]:
    """Everything that is looked for because of one value.

    Args:
        value: 1 byte to 64 KiB.
    """
    octets = value.decode("latin-1")
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = octets
    else:
        yield View(text, "text", whole=True, breaks=BREAKS_IN_TEXT)
    if text != octets or not value.isascii():
        yield View(octets, "octets", whole=True, breaks=BREAKS_IN_TEXT)
    if len(value) > 1:
        yield from (View(text, "octets") for text in sorted({octets[::-1], text[::-1].encode().decode("latin-1")}))
    if len(value) >= _SHORTEST_HEX:
        yield View(value.hex(), "exact")
    if len(value) >= _SHORTEST_WIDE:
        wide = {text.encode(name, "surrogatepass").strip(b"\0") for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")}
        yield from (View(form.decode("latin-1"), "exact") for form in sorted(wide) if form)
    if len(value) < EVERY_FORM_FROM:
        yield View(base64.b64encode(value).decode("ascii"), "base64")
    else:
        yield from (_in_base64(value, before) for before in range(3))


def _in_base64(value: bytes, before: int) -> View:
    """What stays the same of a value in base64, after so many bytes of something else (RFC 4648 §4)."""
    bits = 8 * (before + len(value))
    digits = base64.b64encode(bytes(before) + value).decode("ascii").rstrip("=")
    first, shared = -(-8 * before // _BITS), 8 * before % _BITS
    stable, rest = digits[first : bits // _BITS], bits % _BITS
    return View(
        stable,
        "base64",
        breaks=BREAKS_IN_BASE64,
        before="".join(_sharing(digits[first - 1], low=_BITS - shared)) if shared else "",
        after="".join(_sharing(digits[bits // _BITS], high=rest)) if rest else "",
        padding=-(bits // 8) % 3,
        edged=len(value) <= EVERY_FORM_FROM + 1,
    )


def _sharing(digit: str, *, low: int = 0, high: int = 0) -> Iterator[str]:
    """The digits that have the lowest or the highest so many bits in common with one."""
    number = _ALPHABET.index(digit)
    for other, found in enumerate(_ALPHABET):
        if (low and not (number ^ other) % (1 << low)) or (high and not (number ^ other) >> (_BITS - high)):
            yield found
