"""What is wrong with a value that a person is about to trust: said by kind, never by content."""

from __future__ import annotations

import math
import re
import string
from typing import NamedTuple

from agentsecrets.proxy.catalogue import catalogue
from agentsecrets.redact import EVERY_FORM_FROM

ENOUGH_BITS = 48
"""A redaction mark shows where a value stood; what has fewer unknown bits can be guessed then."""

_PLACEHOLDER = re.compile(
    r"(?:change|replace|fill)[-_ ]?(?:me|this|it|in)?|todo|tbd|n/?a|none|null|nil|undefined|true|false|empty|example|sample|dummy|fake"
    r"|test(?:ing)?|foo(?:bar)?|bar|baz|secret|password|passwd|token|api[-_ ]?key|key|value|string|placeholder|redacted|\*+|\.+|-+|_+"
    r"|<.*>|\$\{.*\}|\$\(.*\)|\{\{.*\}\}|%.*%|\[.*\]"
    r"|(?:your|my|the|some|insert|enter|put|paste|add|replace)[-_ ].*|.*[-_ ](?:here|goes[-_ ]here|example|placeholder|changeme)"
    r"|x{3,}",
    re.IGNORECASE | re.DOTALL,
)
_FILLING = re.compile(r"x{6}|\*{4}|\.{4}|0{8}|1234567890|abcdefgh", re.IGNORECASE)
_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_HEXADECIMAL = 16
_OTHERS = 33
"""Printable ASCII that is neither letter nor digit."""
_LONGEST_LOOKED_AT = 256
_QUOTES = "\"'`\u201c\u201d\u2018\u2019"


class Weakness(NamedTuple):
    """One thing that is wrong with a value.

    Attributes:
        kind: For machines.
        message: For people, to follow the key's name.
    """

    kind: str
    message: str


SHORT = Weakness("short", f"is shorter than {EVERY_FORM_FROM} bytes, so not every encoding of it can be taken out of answers")
GUESSABLE = Weakness(
    "guessable", f"has fewer than about {ENOUGH_BITS} unknown bits, so what stood behind a redaction mark in an answer can be guessed"
)
PLACEHOLDER = Weakness("placeholder", "looks like a placeholder for a value that is still to come")
KEY_NAME = Weakness("key_name", "is its own name")
QUOTES = Weakness("quotes", "stands in quotation marks, and they would be sent too")
WHITE_SPACE = Weakness("white_space", "begins or ends with white space, which would be sent too or refused")
LINE_BREAK = Weakness("line_break", "begins or ends with a line break, which no header can carry")
SCHEME = Weakness("scheme", "begins with Bearer or Basic, which its style adds anyway")


def weaknesses(key: str, value: bytes) -> tuple[Weakness, ...]:
    """What is wrong with a value, most telling first; empty when nothing is.

    Args:
        key: Its name.
        value: 1 byte to 64 KiB.
    """
    text = value.decode("utf-8", "replace")
    bare = text.strip().strip(_QUOTES).strip()
    found = (
        (bare.casefold() == key.casefold(), KEY_NAME),
        (_is_placeholder(bare[:_LONGEST_LOOKED_AT]), PLACEHOLDER),
        (len(value) < EVERY_FORM_FROM, SHORT),
        (unknown_bits(bare) < ENOUGH_BITS, GUESSABLE),
        (len(text.strip()) > 1 and text.strip()[0] in _QUOTES and text.strip()[-1] in _QUOTES, QUOTES),
        (text.strip("\r\n") != text, LINE_BREAK),
        (text.strip("\r\n") != text.strip("\r\n").strip(), WHITE_SPACE),
        (re.match(r"(?:bearer|basic)\s", bare, re.IGNORECASE) is not None, SCHEME),
    )
    return tuple(weakness for is_so, weakness in found if is_so)


def _is_placeholder(text: str) -> bool:
    return _PLACEHOLDER.fullmatch(text) is not None or _FILLING.search(text) is not None


def unknown_bits(text: str) -> float:
    """An estimate of how many bits of a value are not known to whoever knows its kind: what a random text of this length and alphabet has.

    A public prefix counts for nothing. Neither does a symbol that repeats the one before, or follows it in the alphabet, nor what repeats
    a beginning.
    """
    unknown = _period(text[len(_public_prefix(text)) :][:_LONGEST_LOOKED_AT])
    pool = sum(len(kind) for kind in _CLASSES if any(symbol in kind for symbol in unknown))
    pool += _OTHERS if any(symbol not in string.ascii_letters + string.digits for symbol in unknown) else 0
    pool = min(pool, _HEXADECIMAL) if all(symbol in string.hexdigits for symbol in unknown) else pool
    fresh = sum(abs(ord(symbol) - ord(before)) > 1 for before, symbol in zip("\0" + unknown, unknown, strict=False))
    return fresh * math.log2(max(pool, 2))


def _public_prefix(text: str) -> str:
    prefixes = (prefix for provider in catalogue().providers for prefix in provider.values if text.startswith(prefix))
    return max(prefixes, key=len, default="")


def _period(text: str) -> str:
    """The shortest beginning that makes the whole by repetition."""
    at = (text + text).find(text, 1)
    return text[:at] if text else ""
