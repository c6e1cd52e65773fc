"""Heads of requests that differ from one read before in the target alone.

An agent sends the same header fields from one call to the next, all but ``X-AS-Target-URL``. What was read is kept by the bytes before and
behind that field's value, so reading the next such head costs one look-up and gives the same object. The value is put back only when it is
visible ASCII: no such value changes how the lines around it are read.
"""

from __future__ import annotations

import re
from typing import TypeVar

from msgspec.structs import replace

from agentsecrets.model.recent import Recent
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.messages import ReadRequest, RequestHead, read_request
from agentsecrets.wire.headers import TARGET_URL

MOST = 128
"""How many heads are kept; of more, the oldest go."""

LONGEST = 4 * 1024
"""Longest head, in bytes, that is kept."""

_FIELD = b"\r\n" + TARGET_URL.encode() + b": "
_FIELD_LENGTH = len(_FIELD)
_VALUE = re.compile(rb"([!-~]+)\r\n")
_ANY_CASE = re.compile(re.escape(_FIELD) + _VALUE.pattern, re.IGNORECASE)

Around = tuple[bytes, bytes]
V = TypeVar("V")


class FoundInHeads(Recent[RequestHead, V]):
    """What somebody found in heads. Of a head that is not kept nothing is: it does not come again, and may be long."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(MOST)

    def keep(self, key: RequestHead, value: V) -> V:
        """Adds what was found in a head if that is kept; answers what was found."""
        return super().keep(key, value) if key.kept else value


class FamiliarHeads:
    """Reads heads of requests as ``read_request`` does.

    Args:
        limits: Bounds.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: Recent[Around, RequestHead] = Recent(MOST)

    def __len__(self) -> int:
        return len(self._known)

    def read(self, raw: bytes) -> ReadRequest:
        """Reads the head of a request, strictly.

        Args:
            raw: From the request line to the blank line.

        Raises:
            Malformed, MethodRefused, UpgradeRefused: As ``read_request``.
        """
        if len(raw) > LONGEST:
            return read_request(raw, self._limits)
        at = raw.find(_FIELD)  # as it is nearly always written
        found = _VALUE.match(raw, at + _FIELD_LENGTH) if at >= 0 else _ANY_CASE.search(raw)
        if found is None:
            return read_request(raw, self._limits)
        around = raw[: found.start(1)], raw[found.end(1) :]
        known = self._known.get(around)
        if known is not None:
            return known, found[1], None
        head, url, chunked = read_request(raw, self._limits)
        if chunked is None:
            head = self._known.keep(around, replace(head, kept=True))
        return head, url, chunked
