"""Before anything is measured: an engine does the work that it is measured at."""

from __future__ import annotations

import http.client
from typing import Protocol

from agentsecrets.redact import MARK
from bench.home import KEY
from bench.nginx import BODY

_SECONDS = 10


class Door(Protocol):
    """An engine that is asked with ``X-AS-*`` fields."""

    port: int
    token: str


def check(name: str, door: Door, origin: str, value: str) -> None:
    """Asks for an answer and an echo of the value, then with a wrong token, for another host, and for another key.

    Args:
        name: Of the engine.
        door: Where it listens, and what it wants to be shown.
        origin: ``https://HOST:PORT`` of the upstream.
        value: What must not come back.

    Raises:
        RuntimeError: When it leaves out any of its work.
    """
    status, body = _asked(door, f"{origin}/item/1?page=2")
    _holds(name, "answers", status == http.HTTPStatus.OK and body == BODY.encode())
    status, body = _asked(door, f"{origin}/echo")
    _holds(name, "injects, and takes the value out", status == http.HTTPStatus.OK and body == b"Bearer " + MARK)
    _holds(name, "never tells the value", value.encode() not in body)
    refused = (http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN, http.HTTPStatus.NOT_FOUND)
    _holds(name, "refuses a wrong token", _asked(door, f"{origin}/item/1", token="x" * len(door.token))[0] in refused)
    _holds(name, "refuses another host", _asked(door, f"{origin.replace('127.0.0.1', 'localhost')}/item/1")[0] in refused)
    _holds(name, "refuses another key", _asked(door, f"{origin}/item/1", key="OTHER_KEY")[0] in refused)


def _asked(door: Door, url: str, *, token: str = "", key: str = KEY) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=_SECONDS)
    try:
        fields = {"X-AS-Target-URL": url, "X-AS-Session-Token": token or door.token, "X-AS-Inject-Bearer": key}
        connection.request("GET", "/proxy", headers=fields)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _holds(name: str, work: str, held: bool) -> None:
    if not held:
        raise RuntimeError(f"{name} is not what is to be measured: it does not do this: it {work}")
