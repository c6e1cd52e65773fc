"""From the ``X-AS-*`` header fields of a request to a call. Ambiguity is refused, not guessed."""

from __future__ import annotations

import msgspec

from agentsecrets.errors import BadInjection, BadRequest, MethodRefused
from agentsecrets.model.agent import ANONYMOUS, Caller, declared
from agentsecrets.model.call import METHODS, Field, Injection, StyleName, Template
from agentsecrets.model.place import Place
from agentsecrets.model.secret import parse_key_name
from agentsecrets.model.target import Target, parse_target
from agentsecrets.proxy.fields import TOKEN, from_agent
from agentsecrets.proxy.styles import STYLES
from agentsecrets.wire import headers

_LONGEST_SHOWN = 20
_NAMED: tuple[tuple[str, StyleName], ...] = (
    (headers.INJECT_HEADER, "header"),
    (headers.INJECT_QUERY, "query"),
    (headers.INJECT_BODY, "body"),
    (headers.INJECT_FORM, "form"),
)
_BARE: dict[str, StyleName] = {headers.INJECT_BEARER.lower(): "bearer", headers.INJECT_BASIC.lower(): "basic"}


class Asked(msgspec.Struct, frozen=True):
    """What the header fields of a request ask for but the target, before it is known which project that means.

    Attributes:
        method: Upper-case method.
        injections: Where values go.
        caller: Who the agent says it is.
        token: The agent token that it showed, empty for none.
        project: Name or id, empty for none.
        environment: Empty for none.
        fields: The agent's own fields, those that end at the proxy left out.
    """

    method: str
    injections: tuple[Injection, ...]
    caller: Caller
    token: str
    project: str
    environment: str
    fields: tuple[Field, ...]

    def template(self, place: Place, resolution_path: str) -> Template:
        """What calls with these header fields have in common, once their place is known."""
        return Template(place, self.caller, self.method, self.injections, self.fields, resolution_path)


def read_target(url: bytes) -> Target:
    """Reads the value of ``X-AS-Target-URL``, empty when there was none.

    Raises:
        BadRequest, BadTarget
    """
    if not url:
        raise BadRequest(problem=f"the header {headers.TARGET_URL} is missing")
    return parse_target(_text(url))


def read_asked(method: str, fields: tuple[Field, ...]) -> Asked:
    """Reads the other header fields of a request to ``/proxy``.

    Args:
        method: The request's own method, used unless ``X-AS-Method`` names another.
        fields: As received.

    Raises:
        BadRequest, BadInjection, BadKeyName, BadHeader, MethodRefused
    """
    named = _our_fields(fields)
    asked_method = (_single(named, headers.METHOD) or method).upper()
    if asked_method not in METHODS:
        shown = asked_method if len(asked_method) <= _LONGEST_SHOWN and TOKEN.fullmatch(asked_method) else "given"
        raise MethodRefused(method=shown)
    agent = _single(named, headers.AGENT_ID)
    injections = tuple(injection for name, value in named for injection in _injections(name, value))
    return Asked(
        method=asked_method,
        injections=injections,
        caller=declared(agent) if agent else ANONYMOUS,
        token=_single(named, headers.AGENT_TOKEN),
        project=_single(named, headers.PROJECT),
        environment=_single(named, headers.ENVIRONMENT),
        fields=from_agent(fields, injected=bool(injections)),
    )


def injection(style: str, slot: str, key: str) -> Injection:
    """One injection, its parts checked.

    Raises:
        BadInjection, BadKeyName
    """
    for known in STYLES.values():
        if known.name == style:
            known.check_slot(slot)
            return Injection(known.name, slot, parse_key_name(key))
    raise BadInjection(problem="its style is not known")


def _our_fields(fields: tuple[Field, ...]) -> list[tuple[str, str]]:
    return [(_text(name), _text(value)) for name, value in fields if name[:5].lower() == b"x-as-"]


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BadRequest(problem="an X-AS header is not text") from None


def _single(named: list[tuple[str, str]], wanted: str) -> str:
    values = [value for name, value in named if name.lower() == wanted.lower()]
    if len(values) > 1:
        raise BadRequest(problem=f"the header {wanted} is repeated")
    return values[0] if values else ""


def _injections(name: str, value: str) -> list[Injection]:
    lowered = name.lower()
    if lowered in _BARE:
        return [injection(_BARE[lowered], "", value)]
    if lowered == headers.INJECT.lower():
        return [_value_form(part.strip()) for part in value.split(",")]
    for prefix, style in _NAMED:
        if lowered.startswith(prefix.lower()):
            return [injection(style, name[len(prefix) :], value)]
    if lowered.startswith(headers.INJECT.lower()):
        raise BadInjection(problem="its style is not known")
    return []


def _value_form(part: str) -> Injection:
    place, equals, key = part.rpartition("=")
    style, _, slot = place.partition(":")
    if not equals:
        raise BadInjection(problem="X-AS-Inject is STYLE:NAME=KEY, such as query:apiKey=KEY")
    return injection(style, slot, key)
