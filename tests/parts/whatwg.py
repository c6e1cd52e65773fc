"""A second opinion on targets: Ada, the URL parser of Node, which follows the WHATWG standard."""

from __future__ import annotations

import can_ada

from agentsecrets.errors import BadTarget
from agentsecrets.model.target import DEFAULT_PORTS, Target, parse_target


def ours(url: str) -> Target | None:
    """What we make of a URL, None when it is refused."""
    try:
        return parse_target(url)
    except BadTarget:
        return None


def disagreement(url: str) -> str:
    """How a WHATWG parser reads an accepted URL differently; empty when it does not, or when we refuse."""
    target = ours(url)
    if target is None:
        return ""
    try:
        other = can_ada.parse(url)
    except ValueError:
        return "accepted, and no URL for WHATWG"
    theirs = (str(other.protocol), str(other.hostname).strip("[]"), int(other.port or DEFAULT_PORTS.get(target.scheme, 0)))
    mine = (f"{target.scheme}:", target.host, target.port)
    if mine != theirs:
        return f"read as {mine}, by WHATWG as {theirs}"
    if other.username or other.password or other.hash:
        return "accepted with a user or fragment"
    sent = target.path if target.query is None else f"{target.path}?{target.query}"
    read = f"{other.pathname}{other.search or ('?' if target.query == '' else '')}"
    same = sent.replace("%27", "'") == read.replace("%27", "'")  # in a query WHATWG escapes the apostrophe, and RFC 3986 does not
    return "" if same else f"sent as {sent!r}, by WHATWG as {read!r}"
