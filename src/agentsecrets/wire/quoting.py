"""Paths inside header fields: percent-encoded, so that any byte of a path can stand there (RFC 3986 §2.1)."""

from __future__ import annotations

import os
from urllib.parse import quote_from_bytes, unquote_to_bytes


def quoted(path: str) -> str:
    """A path as it stands in a header field."""
    return quote_from_bytes(os.fsencode(path))


def unquoted(text: str) -> str:
    """The path that was quoted."""
    return os.fsdecode(unquote_to_bytes(text))
