"""From the flags of ``call`` to one request on the control socket. Only failures import anything."""

import os

from agentsecrets import __version__
from agentsecrets.wire import headers

ENVIRONMENT_VARIABLES = ("AGENTSECRETS_ENVIRONMENT", "AGENTSECRETS_ENV", "AS_ENV")

INJECTIONS = (
    ("--bearer", "bearer", False),
    ("--basic", "basic", False),
    ("--header", "header", True),
    ("--query", "query", True),
    ("--body-field", "body", True),
    ("--form-field", "form", True),
)
"""Flag, style, and whether the flag names a slot: ``NAME=KEY``."""

_WRITES_A_BODY = ("--body", "--body-field", "--form-field")
_OF_THE_CONNECTION = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Fields that would speak of the connection to the daemon instead of the one to the target."""
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
_UNRESERVED = frozenset(b"/-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_FIRST_PRINTABLE, _DELETE, _TAB = 0x20, 0x7F, 0x09

Fields = list[tuple[str, str]]


def place_fields(given: dict[str, list[str]]) -> Fields:
    """Where a command runs: its folder, and project and environment by flag or variable; its version, and how it wants its answer."""
    fields = [(headers.VERSION, __version__), (headers.CWD, _quoted(folder()))]
    for name, value in named_place(given):
        fields.append((headers.PROJECT if name == "project" else headers.ENVIRONMENT, value))
    if _first(given, "--output") == "json":
        fields.append((headers.OUTPUT, "json"))
    return fields


def named_place(given: dict[str, list[str]]) -> list[tuple[str, str]]:
    """``project`` and ``environment`` as flags or variables name them; what nobody names is left out."""
    project = _first(given, "--project") or os.environ.get("AGENTSECRETS_PROJECT", "")
    environment = _first(given, "--environment") or environment_by_variable()
    return [(name, value) for name, value in (("project", project), ("environment", environment)) if value]


def environment_by_variable() -> str:
    """The environment that a variable names, empty when none does."""
    return next((value for name in ENVIRONMENT_VARIABLES if (value := os.environ.get(name, ""))), "")


def call_fields(given: dict[str, list[str]]) -> Fields:
    """The header fields that ask for a call.

    Args:
        given: The values of the flags of ``call``.

    Raises:
        BadUsage, BadInjection, BadHeader
    """
    url = _first(given, "--url")
    if not url:
        raise _bad_usage("the flag --url is missing")
    method = _first(given, "--method") or ("POST" if any(given.get(flag) for flag in _WRITES_A_BODY) else "GET")
    fields = [(headers.TARGET_URL, url), (headers.METHOD, method.upper()), *place_fields(given)]
    injections = [_injection(flag, style, word, named=named) for flag, style, named in INJECTIONS for word in given.get(flag, ())]
    if injections:
        fields.append((headers.INJECT, ", ".join(injections)))
    agent = _first(given, "--agent-id") or os.environ.get("AGENTSECRETS_AGENT_ID", "")
    token = _first(given, "--token") or os.environ.get("AGENTSECRETS_TOKEN", "")
    fields += [(headers.AGENT_ID, agent)] if agent else []
    fields += [(headers.AGENT_TOKEN, token)] if token else []
    return fields + [_plain_header(text) for text in given.get("--plain-header", ())]


def render(path: str, fields: Fields, framing: str) -> bytes:
    """The head of one request, ready for the socket.

    Args:
        path: The verb.
        fields: Header fields.
        framing: The field that says how long the body is.

    Raises:
        BadHeader: When a field holds a line break or another control character.
    """
    lines = [f"POST {path} HTTP/1.1", "Host: agentsecrets", "Connection: close", framing]
    for name, value in fields:
        if any(_is_control(ord(letter)) for letter in value):
            raise _bad_header(f"{name} holds a line break or another control character")
        lines.append(f"{name}: {value}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def _is_control(number: int) -> bool:
    return (number < _FIRST_PRINTABLE and number != _TAB) or number == _DELETE


def _injection(flag: str, style: str, word: str, *, named: bool) -> str:
    slot, equals, key = word.rpartition("=")
    if bool(equals) != named:
        raise _bad_injection(f"{flag} takes {'NAME=KEY' if named else 'a key name'}")
    if "," in slot or not key:
        raise _bad_injection(f"{flag} takes a name without commas, and a key name")
    return f"{style}:{slot}={key}" if named else f"{style}={key}"


def _plain_header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    lowered = name.lower()
    if not colon or not name or not _TOKEN.issuperset(lowered):
        raise _bad_header("--plain-header takes 'Name: value'")
    if lowered in _OF_THE_CONNECTION or lowered.startswith("x-as-"):
        raise _bad_header(f"{name} is not a field that a call may set")
    return name, value.strip()


def _first(given: dict[str, list[str]], flag: str) -> str:
    values = given.get(flag)
    return values[-1] if values else ""


def folder() -> bytes:
    """The folder of this command; the root when it was removed."""
    try:
        return os.getcwdb()  # noqa: PTH109  (pathlib is not loaded on this path)
    except FileNotFoundError:
        return b"/"


def _quoted(path: bytes) -> str:
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in path)


def _bad_usage(problem: str) -> Exception:
    from agentsecrets.errors import BadUsage

    return BadUsage(problem=problem)


def _bad_injection(problem: str) -> Exception:
    from agentsecrets.errors import BadInjection

    return BadInjection(problem=problem)


def _bad_header(problem: str) -> Exception:
    from agentsecrets.errors import BadHeader

    return BadHeader(problem=problem)
