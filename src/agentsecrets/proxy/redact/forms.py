"""Every form in which a value is looked for."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

ELABORATE_LIMIT = 4 * 1024
"""Values longer than this, in bytes, are not looked for in the forms that escape every single character: the automaton would grow to
hundreds of megabytes."""

_STANDS_ALONE = 6
"""Shortest fragment of an encoding that is looked for on its own: a shorter one would be found in innocent text."""

_RESERVED = "!$&'()*+,;=:@/?"
_FIRST_STABLE = (0, 2, 3)
"""How many base64 characters depend on what stands before, when 0, 1 or 2 bytes do (RFC 4648 §4: 6 bits a character)."""
_HTML_SAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def all_forms(value: bytes) -> frozenset[bytes]:
    """All forms of one value, itself among them.

    Args:
        value: 1 byte to 64 KiB.
    """
    forms = {value, value.upper(), value.lower(), *_base64(value), *_hex(value), *_percent(value), *_json(value)}
    return frozenset(form for form in forms if form)


def _base64(value: bytes) -> Iterator[bytes]:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(value)
        for before in range(3):
            encoded = encode(bytes(before) + value)
            stable = encoded[_FIRST_STABLE[before] : (before + len(value)) * 8 // 6]
            if len(stable) >= _STANDS_ALONE:
                yield stable


def _hex(value: bytes) -> Iterator[bytes]:
    lower = value.hex().encode()
    if len(lower) >= _STANDS_ALONE:
        yield lower
        yield lower.upper()


def _percent(value: bytes) -> Iterator[bytes]:
    kept = (quote(value, safe=_RESERVED), quote(value, safe="/"), quote(value, safe=""), quote_plus(value))
    every = "".join(f"%{byte:02X}" for byte in value) if len(value) <= ELABORATE_LIMIT else ""
    for form in (*kept, every):
        yield form.encode()
        yield _lower_escapes(form).encode()


def _lower_escapes(text: str) -> str:
    head, *rest = text.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


def _json(value: bytes) -> Iterator[bytes]:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return
    for once in set(_json_once(text)):
        yield once.encode()
        if len(value) <= ELABORATE_LIMIT:
            yield json.dumps(once, ensure_ascii=False)[1:-1].encode()


def _json_once(text: str) -> Iterator[str]:
    for ascii_only in (True, False):
        escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        for variant in (escaped, escaped.translate(_HTML_SAFE)):
            yield variant
            yield variant.replace("/", "\\/")
            yield _upper_escapes(variant)
            yield _upper_escapes(variant).replace("/", "\\/")
    if len(text) <= ELABORATE_LIMIT:
        units = text.encode("utf-16-be", "surrogatepass")
        every = "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
        yield every
        yield _upper_escapes(every)


def _upper_escapes(text: str) -> str:
    head, *rest = text.split("\\u")
    return "\\u".join([head, *(part[:4].upper() + part[4:] for part in rest)])
