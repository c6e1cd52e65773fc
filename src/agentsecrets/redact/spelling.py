"""How one character may be written once an encoder has passed over it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html.entities import html5
from typing import Literal

Kind = Literal["text", "octets", "base64", "exact"]
"""Of what a symbol is one: a character of text, a byte, a digit of base64 (either alphabet), or a byte that nobody escapes."""

Table = dict[int, tuple[bytes, ...]]
"""First byte → spellings that begin with it, in lower case."""

_RUNS = (1, 2, 4)
"""Backslashes before an escape in JSON, in JSON in JSON, and in JSON in that."""
_QUOTING_RUNS = (1, 2, 3, 7)
_LETTERS = {"\b": b"b", "\f": b"f", "\n": b"n", "\r": b"r", "\t": b"t"}
"""RFC 8259 §7."""
_DOUBLED = {'"': (b'""',), "'": (b"''", b"'\\''")}
"""Quotes within quotes: CSV (RFC 4180), SQL and YAML; the shell."""
_OTHER_DIGIT = {"+": "-", "/": "_"}
"""RFC 4648 §5."""
_DECIMAL, _HEXADECIMAL = (b"%d", b"%03d", b"%04d"), (b"x%x", b"x%02x", b"x%04x")

_ALWAYS_SAFE = re.compile(r"[0-9A-Za-z]")
_INTRODUCES, _SPECIAL = re.compile(rb"[%\\&=]"), re.compile(rb"[%\\&=\r\n]")
_ESCAPE = re.compile(
    rb"%(?:25)*(?:u00)?([0-9a-f]{2})|\\+(?:u00|x)([0-9a-f]{2})|=([0-9a-f]{2})|&(?:amp;)?#x0*([0-9a-f]{2});|&(?:amp;)?#0*([0-9]{2,3});"
    rb"|%(?:25)*u[0-9a-f]{4}|\\+u[0-9a-f]{4}|&(?:amp;)?(?:#x?)?[0-9a-z]+;|(?:\\+[nr]|\n)data:|\\+[nrtbf]|=\r?\n"
)
_NOT_ALNUM = bytes(byte for byte in range(256) if not (byte < 0x80 and chr(byte).isalnum()))  # noqa: PLR2004  (ASCII)
AMBIGUOUS = re.compile(rb"[%\\&=]|\ndata:")
"""Literal text that could be read as an escape of something else."""
BREAKS_IN_TEXT = (b"=\r\n", b"=\n")
"""Soft line breaks (RFC 2045 §6.7)."""
BREAKS_IN_BASE64 = (
    b"\r\n", b"\n", b"\\n", b"\\r\\n", b"\\\\n", b"\\\\r\\\\n", b"%0a", b"%0d%0a", b"&#10;", b"&#13;&#10;", b"&#xa;", b"&#xd;&#xa;",
    b"\ndata: ", b"\ndata:",
)  # fmt: skip
"""Line breaks at 64 or 76 columns (RFC 7468 §2, RFC 2045 §6.8), themselves written in text that was encoded."""


def is_safe(symbol: str) -> bool:
    """Whether encoders leave it alone unless they escape everything."""
    return _ALWAYS_SAFE.fullmatch(symbol) is not None


@lru_cache(maxsize=8192)
def spellings(symbol: str, kind: Kind) -> frozenset[bytes]:
    """All ways to write one symbol, in the case in which encoders write them.

    Args:
        symbol: One character; for ``octets`` and ``exact`` one of U+0000 to U+00FF that stands for that byte.
        kind: What it is one of. A letter or digit of ``base64`` is written in one way only.
    """
    if kind == "base64":
        if is_safe(symbol):
            return frozenset({symbol.encode()})
        return spellings(symbol, "text") | {_OTHER_DIGIT.get(symbol, symbol).encode()}
    if kind == "exact":
        return frozenset({symbol.encode("latin-1")})
    raw = symbol.encode("utf-8", "surrogatepass")
    found = {raw, raw.lower(), raw.upper(), *_numbered(symbol), *_bytewise(raw, nested=not is_safe(symbol))}
    if not symbol.isascii() and symbol <= "\xff":
        found |= {symbol.encode("latin-1"), *_bytewise(symbol.encode("latin-1"), nested=True)}
    if not is_safe(symbol):
        found |= set(_named(symbol))
    return frozenset(found)


def literals(symbol: str, kind: Kind) -> tuple[bytes, ...]:
    """The symbol as it is: for base64 in both alphabets."""
    if kind in {"octets", "exact"}:
        return (symbol.encode("latin-1"),)
    other = _OTHER_DIGIT.get(symbol) if kind == "base64" else None
    return (symbol.encode("utf-8", "surrogatepass"), *([other.encode()] if other else []))


@lru_cache(maxsize=8192)
def table(symbol: str, kind: Kind, *, backward: bool) -> Table:
    """The spellings of a symbol by first byte; ``backward``: each reversed."""
    found: dict[int, set[bytes]] = {}
    for spelling in spellings(symbol, kind):
        text = spelling.lower()[::-1] if backward else spelling.lower()
        found.setdefault(text[0], set()).add(text)
    return {first: tuple(sorted(texts)) for first, texts in found.items()}


@lru_cache(maxsize=8192)
def longest(symbol: str, kind: Kind) -> int:
    """Bytes in the longest spelling."""
    return max(map(len, spellings(symbol, kind)))


def plain_skeleton(text: bytes) -> bytes | None:
    """The skeleton of a text in which nothing could be an escape or a line break, else None."""
    return None if _SPECIAL.search(text) else text.lower().translate(None, _NOT_ALNUM)


def skeleton(text: bytes) -> bytes:
    """The letters and digits of a text after its escapes have been read, in lower case: the same for every spelling of a text.

    It takes as long whatever the text is compared with afterwards.
    """
    lowered = text.lower()
    if _INTRODUCES.search(lowered) or b"\ndata:" in lowered:
        lowered = _ESCAPE.sub(_unescaped, lowered)
    return lowered.translate(None, _NOT_ALNUM)


def _unescaped(escape: re.Match[bytes]) -> bytes:
    number = escape.lastindex
    if number is None:
        return b""
    code = int(escape[number], 10 if number == _ESCAPE.groups else 16)
    return bytes([code]).lower() if code < 0x80 else b""  # noqa: PLR2004  (ASCII)


def _each(before: bytes, numbers: Iterable[int], digits: int) -> Iterator[bytes]:
    """Numbers in hexadecimal, each after the same bytes, with small and with capital digits."""
    numbers = tuple(numbers)
    for form in (f"0{digits}x", f"0{digits}X"):
        yield b"".join(before + format(number, form).encode() for number in numbers)


def _bytewise(raw: bytes, *, nested: bool) -> Iterator[bytes]:
    r"""Percent-encoding (RFC 3986 §2.1), quoted-printable (RFC 2045 §6.7) and ``\x``."""
    for before in (b"%", b"=", b"\\x", *((b"%25", b"\\\\x") if nested else ())):
        yield from _each(before, raw, 2)


def _numbered(symbol: str) -> Iterator[bytes]:
    r"""``\uXXXX`` and what JavaScript's ``escape`` writes; numeric character references, as written and within HTML that was escaped."""
    units = symbol.encode("utf-16-be", "surrogatepass")
    numbers = [int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)]
    for before in (b"%u", *(b"\\" * run + b"u" for run in _RUNS)):
        yield from _each(before, numbers, 4)
    for form in (*_DECIMAL, *_HEXADECIMAL):
        reference = form % ord(symbol)
        for written in (reference, reference.upper(), reference[:1] + reference[1:].upper()):
            yield b"&#" + written + b";"
            if not is_safe(symbol):
                yield b"&amp;#" + written + b";"


@lru_cache(maxsize=1)
def _entities() -> dict[str, tuple[bytes, ...]]:
    names: dict[str, list[bytes]] = {}
    for name, symbol in html5.items():
        if name.endswith(";"):
            names.setdefault(symbol, []).append(name.encode())
    return {symbol: tuple(found) for symbol, found in names.items()}


def _named(symbol: str) -> Iterator[bytes]:
    """Everything that has a name or a sign of its own instead of a number."""
    for name in _entities().get(symbol, ()):
        yield b"&" + name
        yield b"&amp;" + name
    if symbol in _LETTERS:
        yield from (b"\\" * run + _LETTERS[symbol] for run in _RUNS)
    elif symbol == "\\":
        yield from (b"\\" * run for run in (1, *(2 * run for run in _RUNS)))
    elif symbol.isascii() and symbol.isprintable():
        yield from (b"\\" * run + symbol.encode() for run in _QUOTING_RUNS)
    yield from _DOUBLED.get(symbol, ())
    if symbol == " ":
        yield b"+"
    if symbol == "\n":
        yield from (b"\r\n", b"%0D%0A", b"%0d%0a", b"=0D=0A", b"\\r\\n", b"\\\\r\\\\n", b"&#13;&#10;", b"\ndata: ", b"\ndata:")
