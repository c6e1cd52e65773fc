"""JSON that everybody reads in the same way: no object with two members of one name, and none of the words that are no JSON."""

from __future__ import annotations

import json
from collections.abc import Callable


def strict_decoder(*, number: Callable[[str], object] | None = None) -> json.JSONDecoder:
    """A decoder that refuses, by ValueError, what two programs could read in two ways.

    Args:
        number: What becomes of the text of a number; Python's numbers when left out.
    """
    return json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=_no_constant, parse_int=number, parse_float=number)


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _no_constant(word: str) -> None:
    raise ValueError(word)
