"""What may become of a value on its way back, by the encoders that do it: Python's own, and the rules of others written down again."""

from __future__ import annotations

import base64
import binascii
import html
import html.entities
import json
import quopri
import random
import re
import urllib.parse
from collections.abc import Callable
from xml.sax import saxutils

Form = Callable[[bytes], bytes]


def _text(value: bytes) -> str:
    """As a server reads bytes: UTF-8 where it is that, else Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


# --- base64 ---------------------------------------------------------------------------------------------------------------------------


def _base64(*, before: int, after: int, url: bool = False, padded: bool = True) -> Form:
    """Within a longer text: what stands around it is cut off again where it holds nothing of the value."""

    def form(value: bytes) -> bytes:
        encode = base64.urlsafe_b64encode if url else base64.b64encode
        whole = encode(b"\xa5" * before + value + b"\x5a" * after)
        end = -(-(before + len(value)) * 8 // 6) if after else len(whole)
        shown = whole[before * 8 // 6 : end]
        return shown if padded else shown.rstrip(b"=")

    return form


def _wrapped(columns: int, line_break: bytes, offset: int = 0) -> Form:
    def form(value: bytes) -> bytes:
        text = base64.b64encode(value)
        first = columns - offset
        lines = [text[:first], *(text[at : at + columns] for at in range(first, len(text), columns))]
        return line_break.join(line for line in lines if line)

    return form


# --- percent --------------------------------------------------------------------------------------------------------------------------


def _escape_of_javascript(value: bytes) -> bytes:
    """``escape`` (ECMA-262 §B.2.1.1)."""
    kept = re.compile(r"[A-Za-z0-9@*_+\-./]")
    units = memoryview(_text(value).encode("utf-16-be", "surrogatepass"))
    numbers = [int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)]
    return "".join(
        chr(number) if number < 128 and kept.match(chr(number)) else f"%{number:02X}" if number < 256 else f"%u{number:04X}"
        for number in numbers
    ).encode()


def _mixed_case_percent(value: bytes) -> bytes:
    return b"".join((b"%%%02x" if at % 2 else b"%%%02X") % byte for at, byte in enumerate(value))


# --- JSON -----------------------------------------------------------------------------------------------------------------------------


def _json(*, ascii_only: bool = False, also: str = "", slash: bool = False, small: bool = True) -> Callable[[str], str]:
    r"""A string of JSON; ``also``: characters that are escaped as ``\uXXXX`` besides."""

    def form(text: str) -> str:
        escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        escaped = "".join(f"\\u{ord(symbol):04x}" if symbol in also else symbol for symbol in escaped)
        if not small:
            escaped = re.sub(r"(?<=\\u)[0-9a-f]{4}", lambda digits: digits[0].upper(), escaped)
        return escaped.replace("/", "\\/") if slash else escaped

    return form


_GO = "<>&\u2028\u2029"
"""encoding/json, SetEscapeHTML."""
_GSON = "<>&='\u2028\u2029"
"""Gson's HTML_SAFE_REPLACEMENT_CHARS."""
_RAILS = "<>&\u2028\u2029"
_DJANGO = "\\'\"><&=-;`\u2028\u2029"
"""django.utils.html._js_escapes, but for the control characters."""

JSON: dict[str, Callable[[str], str]] = {
    "json": _json(),
    "json-ascii": _json(ascii_only=True),
    "json-php": _json(ascii_only=True, slash=True),
    "json-go": _json(also=_GO),
    "json-gson": _json(also=_GSON),
    "json-rails": _json(also=_RAILS, ascii_only=True),
    "json-capital": _json(also=_GSON, ascii_only=True, small=False),
}


def _through(*encoders: Callable[[str], str]) -> Form:
    def form(value: bytes) -> bytes:
        text = _text(value)
        for encode in encoders:
            text = encode(text)
        return _bytes(text)

    return form


def _django(value: bytes) -> bytes:
    return _bytes("".join(f"\\u{ord(symbol):04X}" if symbol in _DJANGO or symbol < " " else symbol for symbol in _text(value)))


def _every_unit(before: str, form: str) -> Form:
    def every(value: bytes) -> bytes:
        units = _text(value).encode("utf-16-be", "surrogatepass")
        return "".join(before + format(int.from_bytes(units[at : at + 2]), form) for at in range(0, len(units), 2)).encode()

    return every


# --- HTML -----------------------------------------------------------------------------------------------------------------------------

_NAMES = {symbol: name for name, symbol in sorted(html.entities.html5.items()) if name.endswith(";") and len(symbol) == 1}


def _every_reference(form: str) -> Form:
    return lambda value: "".join(form.format(ord(symbol)) for symbol in _text(value)).encode()


def _named(value: bytes) -> bytes:
    return _bytes("".join(f"&{_NAMES[symbol]}" if symbol in _NAMES else symbol for symbol in _text(value)))


def _go_html(value: bytes) -> bytes:
    """html.EscapeString of Go."""
    pairs = (("&", "&amp;"), ("'", "&#39;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;"))
    text = _text(value)
    for symbol, reference in pairs:
        text = text.replace(symbol, reference)
    return _bytes(text)


def _owasp_html(value: bytes) -> bytes:
    """The OWASP encoder for Java and its kin: hexadecimal for everything that is not a letter or digit."""
    return _bytes("".join(symbol if symbol.isalnum() and symbol.isascii() else f"&#x{ord(symbol):X};" for symbol in _text(value)))


def _obfuscated(value: bytes) -> bytes:
    """As Markdown hides an address: each character as it is, in decimal or in hexadecimal, by lot."""
    lot = random.Random(0)
    ways: tuple[Callable[[str], str], ...] = (str, lambda symbol: f"&#{ord(symbol)};", lambda symbol: f"&#x{ord(symbol):x};")
    return _bytes("".join(lot.choice(ways[1:] if symbol == "&" else ways)(symbol) for symbol in _text(value)))


# --- mail -----------------------------------------------------------------------------------------------------------------------------


def _quoted_every(value: bytes) -> bytes:
    return b"".join(b"=%02X" % byte for byte in value)


def _quoted_wrapped(value: bytes) -> bytes:
    """With soft breaks after every 75 columns, wherever that is."""
    text = quopri.encodestring(b"#" * 70 + value.replace(b"\n", b"\x0b"))
    return text[70:].replace(b"=0B", b"=0A").replace(b"=\n", b"=\r\n")


# --- all ------------------------------------------------------------------------------------------------------------------------------

FORMS: dict[str, Form] = {
    "plain": lambda value: value,
    "upper": bytes.upper,
    "lower": bytes.lower,
    "reversed": lambda value: value[::-1],
    "reversed-text": lambda value: _bytes(_text(value)[::-1]),
    "hex": lambda value: value.hex().encode(),
    "hex-capital": lambda value: binascii.hexlify(value).upper(),
    "percent": lambda value: urllib.parse.quote(value, safe="").encode(),
    "percent-path": lambda value: urllib.parse.quote(value).encode(),
    "percent-plus": lambda value: urllib.parse.quote_plus(value).encode(),
    "percent-small": lambda value: re.sub(rb"%..", lambda two: two[0].lower(), urllib.parse.quote(value, safe="").encode()),
    "percent-all": lambda value: b"".join(b"%%%02X" % byte for byte in value),
    "percent-all-small": lambda value: b"".join(b"%%%02x" % byte for byte in value),
    "percent-all-mixed": _mixed_case_percent,
    "encodeURI": lambda value: urllib.parse.quote(value, safe="!#$&'()*+,/:;=?@-_.~").encode(),
    "encodeURIComponent": lambda value: urllib.parse.quote(value, safe="!'()*-_.~").encode(),
    "escape": _escape_of_javascript,
    "django-escapejs": _django,
    "json-u": _every_unit("\\u", "04x"),
    "json-u-capital": _every_unit("\\u", "04X"),
    "json-u-in-json": _every_unit("\\\\u", "04x"),
    "html": lambda value: _bytes(html.escape(_text(value))),
    "html-without-quotes": lambda value: _bytes(html.escape(_text(value), quote=False)),
    "html-named": _named,
    "html-go": _go_html,
    "html-owasp": _owasp_html,
    "html-decimal": _every_reference("&#{};"),
    "html-decimal-padded": _every_reference("&#{:04d};"),
    "html-hex": _every_reference("&#x{:x};"),
    "html-hex-capital": _every_reference("&#x{:X};"),
    "html-hex-padded": _every_reference("&#x{:04X};"),
    "html-obfuscated": _obfuscated,
    "xml": lambda value: _bytes(saxutils.escape(_text(value))),
    "xml-attribute": lambda value: _bytes(saxutils.escape(_text(value), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;", '"': "&quot;"})),
    "xml-latin": lambda value: _text(value).encode("latin-1", "xmlcharrefreplace"),
    "quoted-printable": lambda value: quopri.encodestring(value.replace(b"\n", b"\x0b")).replace(b"=0B", b"=0A"),
    "quoted-printable-wrapped": _quoted_wrapped,
    "quoted-printable-all": _quoted_every,
    "utf-16-le": lambda value: _text(value).encode("utf-16-le", "surrogatepass"),
    "utf-16-be": lambda value: _text(value).encode("utf-16-be", "surrogatepass"),
    "utf-32-le": lambda value: _text(value).encode("utf-32-le", "surrogatepass"),
    "utf-32-be": lambda value: _text(value).encode("utf-32-be", "surrogatepass"),
    "python-repr": lambda value: repr(value)[2:-1].encode(),
    "mojibake": lambda value: value.decode("latin-1").encode(),
    "mojibake-json": lambda value: json.dumps(value.decode("latin-1"))[1:-1].encode(),
    **{name: _through(written) for name, written in JSON.items()},
    **{
        f"{name}-in-{outer}": _through(written, around)
        for name, written in JSON.items()
        for outer, around in (("json", JSON["json"]), ("json-php", JSON["json-php"]), ("json-gson", JSON["json-gson"]))
    },
    **{
        f"base64{'url' * url}-{before}-{after}{'-bare' * (not padded)}": _base64(before=before, after=after, url=url, padded=padded)
        for url in (False, True)
        for padded in (False, True)
        for before in range(3)
        for after in range(3)
    },
    **{
        f"base64-wrapped-{columns}-{offset}-{name}": _wrapped(columns, line_break, offset)
        for columns in (64, 76)
        for offset in (0, 11, 50)
        for name, line_break in (("lf", b"\n"), ("crlf", b"\r\n"), ("json", b"\\n"), ("json-crlf", b"\\r\\n"), ("sse", b"\ndata: "))
    },
    "base64-percent": lambda value: urllib.parse.quote(base64.b64encode(value), safe="").encode(),
    "base64-json-php": lambda value: base64.b64encode(value).replace(b"/", b"\\/"),
    "base64-json-gson": lambda value: _bytes(JSON["json-gson"](base64.b64encode(value).decode())),
    "base64-html": lambda value: base64.b64encode(value).replace(b"+", b"&#43;").replace(b"/", b"&#x2F;"),
}
"""Every listed form, by name."""

FEW = ("plain", "upper", "reversed", "base64-0-0", "base64url-1-1-bare", "hex", "percent-all", "json-in-json", "json-u", "html-obfuscated")
"""One of each kind, for tests where each costs much. All may stand in a header field."""

VALUES: dict[str, bytes] = {
    "token": b"sk_live_51HxQ7zvBqLm9Rt2WnYc4Kd8",
    "punctuation": b'sk_live_51HxQ/7+zvBq="Lm9',
    "passphrase": b"correct horse battery staple",
    "quotes": b"""it's "so" <b>bold</b> & 'safe'""",
    "windows-path": rb"C:\new\table\users\x41",
    "looks-escaped": rb"a%41b\u0041c&amp;d=3De&#65;f+g\n",
    "user-and-password": b"ada@example.com:Tr0ub4dor&3/=",
    "json": b'{"type": "service_account", "private_key": "-----BEGIN\\nKEY"}',
    "pem": b"-----BEGIN KEY-----\n" + b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n" * 3 + b"-----END KEY-----\n",
    "accents": "clé-très-secrète-ÀÉÎ".encode(),
    "emoji": "pass🔑word🔒中文".encode(),
    "binary": bytes(range(128, 160)) + b"\xff\xfe\x00\x01" + bytes(range(0, 32, 3)),
    "punctuation-only": b"!@#$%^&*()_+-=[]{}|;':\",./<>?",
    "four": b"p1N9",
    "five": b"a-B_7",
    "six": b"hunter",
    "digits": b"4929123456781234",
    "same": b"aaaaaaaaaaaaaaaa",
    "period": b"abababababab",
    "hex": b"deadbeefcafebabe0123456789abcdef",
    "base64": b"q83vEjRWeJq83vEjRWeJq80+/w==",
    "spaces": b" leading and trailing ",
    "backslashes": b"\\\\server\\share\\\\",
    "long": b"eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ." + bytes(97 + (at * at + 7 * at) % 26 for at in range(900)) + b".sig-natu_re",
}
"""Shapes of values."""


def mixed(value: bytes, seed: int) -> bytes:
    """Each character spelled by lot, as no single encoder would."""
    lot = random.Random(seed)
    ways: tuple[Callable[[str], str], ...] = (
        str,
        str,
        lambda symbol: "".join(f"%{byte:02X}" for byte in _bytes(symbol)),
        lambda symbol: json.dumps(symbol)[1:-1] if symbol in '"\\' or not symbol.isascii() else f"\\u{ord(symbol):04x}",
        lambda symbol: f"&#{ord(symbol)};",
        lambda symbol: f"&#x{ord(symbol):X};",
        html.escape,
        lambda symbol: "".join(f"%{byte:02x}" for byte in _bytes(symbol)),
    )
    return _bytes("".join(lot.choice(ways)(symbol) for symbol in _text(value)))
