"""What an auth style is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl

import msgspec

from agentsecrets.errors import BadInjection
from agentsecrets.model.call import Call, Field, StyleName
from agentsecrets.proxy.fields import as_gateways_read, names_as_read


class Draft(msgspec.Struct):
    """A request while values are written into it.

    Attributes:
        query: Query of the target, None when there is none.
        fields: Header fields.
        body: The whole body; None when the call streams it or has none.
    """

    query: str | None
    fields: list[Field]
    body: bytes | None = None

    def __repr__(self) -> str:
        return "<Draft>"

    def set_query(self, query: str) -> None:
        """Replaces the query."""
        self.query = query


@dataclass(frozen=True, slots=True)
class Style:
    """One way to put a value into a request.

    Attributes:
        name: As bindings, the log and the command line write it.
        body: ``json`` or ``form`` when it needs the whole body in that shape.
        pins: Whether an unbound key may be pinned at first use in this style; the others need a person's consent.
        check_slot: Refuses a slot that it cannot write; raises BadInjection.
        place: The place that it writes, for finding two injections into one, and what the agent must not have written itself.
        conflict: Names the place where the agent's own request already carries a credential, or an empty text.
        fixed: Whether it writes header fields alone, the same ones whatever target and body are, and judges no more than fields either.
        write: Writes the value, as bytes, into a draft; answers every secret that it became there.
    """

    name: StyleName
    check_slot: Callable[[str], None]
    place: Callable[[str], str]
    conflict: Callable[[Call, str], str]
    write: Callable[[Draft, str, bytes], tuple[bytes, ...]]
    body: Literal["", "json", "form"] = ""
    pins: bool = False
    fixed: bool = False


def no_slot(slot: str) -> None:
    """Refuses any slot: the style has only one place.

    Raises:
        BadInjection
    """
    if slot:
        raise BadInjection(problem="bearer and basic take no name")


def no_conflict(call: Call, slot: str) -> str:  # noqa: ARG001  (the signature of all conflict checks)
    """For styles whose place can be judged only once the body is there."""
    return ""


def field_conflict(call: Call, name: str) -> str:
    """Says whether the agent sends this header field itself."""
    return f"the header {name}" if as_gateways_read(name.encode()) in names_as_read(call.fields) else ""


def parameter_conflict(encoded: str, name: str) -> bool:
    """Whether form-encoded text has a parameter of this name for any server: whatever its case, behind ``;``, or as ``name[]``."""
    names = (parameter for part in encoded.split("&") for parameter, _ in parse_qsl(part, keep_blank_values=True, separator=";"))
    wanted = name.casefold()
    return any(given.casefold().partition("[")[0].strip() in (wanted, wanted.partition("[")[0]) for given in names)
