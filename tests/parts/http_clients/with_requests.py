"""Does what it is told with requests."""

from __future__ import annotations

from typing import Any

import requests

from tests.parts.http_clients.conversation import AUTHORITY, Came, Left, body, orders, read_on


class Sized:
    """A body whose length is known: what requests takes for a file."""

    def __init__(self, size: int) -> None:
        self._size, self._parts, self._rest = size, body(size), b""

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Any:
        return self._parts

    def read(self, most: int) -> bytes:
        """The next bytes."""
        if not self._rest:
            self._rest = next(self._parts, b"")
        taken, self._rest = self._rest[:most], self._rest[most:]
        return taken


def _sent(order: dict[str, Any]) -> Any:
    send = order.get("send")
    if send is None:
        return None
    if send["chunked"]:
        return body(send["bytes"])
    return Sized(send["bytes"]) if send["bytes"] else b""


def _run(session: requests.Session, order: dict[str, Any]) -> None:
    came, status, headers = Came(order), 0, []
    error: Exception | None = None
    try:
        with session.request(
            order["method"], order["url"], headers=dict(order["headers"]), data=_sent(order), stream=True, allow_redirects=False, timeout=60
        ) as answer:
            status = answer.status_code
            headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.raw.headers.iteritems()]
            if order.get("hold"):
                read_on()
            for part in answer.iter_content(65536):
                came.add(part)
    except (requests.RequestException, Left) as failure:
        error = failure
    came.end(status, headers, error)


with requests.Session() as opened:
    opened.trust_env, opened.verify = False, AUTHORITY
    for asked in orders():
        _run(opened, asked)
