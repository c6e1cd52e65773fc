"""From the flags of ``call`` to one request on the control socket. Only failures import anything."""

from agentsecrets.client import heads
from agentsecrets.wire import headers

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

Given = dict[str, list[str]]


def place_fields(given: Given) -> heads.Fields:
    """Where a command runs, and how it wants its answer."""
    return heads.place_fields(*_place(given), as_json=_first(given, "--output") == "json")


def named_place(given: Given) -> list[tuple[str, str]]:
    """``workspace``, ``project`` and ``environment`` as flags or variables name them; what nobody names is left out."""
    return heads.named_place(*_place(given))


def call_fields(given: Given) -> heads.Fields:
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
    fields += heads.caller_fields(_first(given, "--agent-id"), _first(given, "--token"))
    return fields + [_plain_header(text) for text in given.get("--plain-header", ())]


def _place(given: Given) -> tuple[str, str, str]:
    return _first(given, "--project"), _first(given, "--environment"), _first(given, "--workspace")


def _injection(flag: str, style: str, word: str, *, named: bool) -> str:
    slot, equals, key = word.rpartition("=")
    if bool(equals) != named:
        raise _bad_injection(f"{flag} takes {'NAME=KEY' if named else 'a key name'}")
    if "," in slot or not key:
        raise _bad_injection(f"{flag} takes a name without commas, and a key name")
    return f"{style}:{slot}={key}" if named else f"{style}={key}"


def _plain_header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise heads.bad_header("--plain-header takes 'Name: value'")
    return heads.own_field(name, value)


def _first(given: Given, flag: str) -> str:
    values = given.get(flag)
    return values[-1] if values else ""


def _bad_usage(problem: str) -> Exception:
    from agentsecrets.errors import BadUsage

    return BadUsage(problem=problem)


def _bad_injection(problem: str) -> Exception:
    from agentsecrets.errors import BadInjection

    return BadInjection(problem=problem)
