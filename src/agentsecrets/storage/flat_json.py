"""Reading secrets from JSON: one flat object of texts."""

from __future__ import annotations

import json

from agentsecrets.errors import BadImport
from agentsecrets.storage.collected import Collected, as_text


def read_flat_json(content: bytes) -> Collected:
    """The members of one JSON object, in their order.

    Raises:
        BadImport: For broken JSON, with the line's number; for anything but an object, a member that is no text, or a name that stands
            twice, with the member's.
    """
    text = as_text(content)
    try:
        document = json.loads(text, object_pairs_hook=tuple)
    except json.JSONDecodeError as failure:
        raise BadImport(where=f"line {failure.lineno}", problem="it is not JSON") from None
    except (RecursionError, ValueError):  # endless nesting; a number longer than Python reads
        raise BadImport(where="the file", problem="it is not a flat object of texts") from None
    if not isinstance(document, tuple):
        raise BadImport(where="the file", problem="it is not a JSON object")
    collected = Collected()
    for number, (name, value) in enumerate(document, 1):
        where = f"member {number}"
        if not isinstance(value, str):
            raise BadImport(where=where, problem="its value is no text in quotes; nested objects, numbers and the like are not taken")
        collected.add(where, name, _encoded(where, value))
    return collected


def _encoded(where: str, value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise BadImport(where=where, problem="half of a surrogate pair stands in it") from None
