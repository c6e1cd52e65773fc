"""One request that an agent asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from agentsecrets.model.agent import Caller
from agentsecrets.model.place import Place
from agentsecrets.model.secret import KeyName
from agentsecrets.model.target import Target

StyleName = Literal["bearer", "basic", "header", "query", "body", "form"]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""What a call may be; CONNECT and TRACE are never sent."""

Field = tuple[bytes, bytes]
"""A header field: name as given, value without surrounding white space."""


Joined = dict[bytes, bytes]
"""Values of header fields by lower-case name, those of a repeated field joined by commas (RFC 9110 §5.3)."""


def joined(fields: Sequence[Field]) -> Joined:
    """Reads fields once, for everybody who asks for one by name."""
    index = {name.lower(): value for name, value in fields}
    if len(index) < len(fields):
        index = {}
        for name, value in fields:
            lowered = name.lower()
            index[lowered] = b"%b,%b" % (index[lowered], value) if lowered in index else value
    return index


class Injection(msgspec.Struct, frozen=True):
    """Where one value goes.

    Attributes:
        style: The auth style.
        slot: Header name, query parameter, JSON path or form field, exactly as given; empty for bearer and basic.
        key: The name of the secret.
    """

    style: StyleName
    slot: str
    key: KeyName


class Template(msgspec.Struct, frozen=True, cache_hash=True):
    """A call without its target, which is all that differs from one call of an agent to the next.

    Attributes:
        place: The vault that the keys are looked up in.
        caller: Who asks.
        method: Upper-case token, e.g. ``GET``.
        injections: Where values go; may be empty.
        fields: The agent's own header fields, in order, hop-by-hop and ``X-AS-*`` already dropped.
        resolution_path: How the project was found: ``header``, ``folder``, ``active`` or ``token``.
    """

    place: Place
    caller: Caller
    method: str
    injections: tuple[Injection, ...]
    fields: tuple[Field, ...]
    resolution_path: str = "active"


class Call(msgspec.Struct, frozen=True):
    """One request, parsed: what is asked, by whom, for where. Holds no value.

    Attributes:
        template: All of it but the target.
        target: The parsed target.
    """

    template: Template
    target: Target

    @property
    def place(self) -> Place:
        """The vault that the keys are looked up in."""
        return self.template.place

    @property
    def method(self) -> str:
        """Upper-case token."""
        return self.template.method

    @property
    def injections(self) -> tuple[Injection, ...]:
        """Where values go."""
        return self.template.injections

    @property
    def fields(self) -> tuple[Field, ...]:
        """The agent's own header fields."""
        return self.template.fields
