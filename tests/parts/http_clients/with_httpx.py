"""Does what it is told with httpx, or with the library named third, which goes on where httpx stands still."""

from __future__ import annotations

import importlib
import ssl
import sys
from typing import Any

from tests.parts.http_clients.conversation import AUTHORITY, Came, Left, body, orders, read_on

httpx = importlib.import_module(sys.argv[3])


def _run(client: Any, order: dict[str, Any]) -> None:
    came, status, headers = Came(order), 0, []
    error: Exception | None = None
    send, fields = order.get("send"), [(name, value) for name, value in order["headers"]]
    if send is not None and not send["chunked"]:
        fields.append(("Content-Length", str(send["bytes"])))
    try:
        with client.stream(order["method"], order["url"], headers=fields, content=body(send["bytes"]) if send else None) as answer:
            status, headers = answer.status_code, list(answer.headers.raw)
            if order.get("hold"):
                read_on()
            for part in answer.iter_bytes():
                came.add(part)
    except (httpx.HTTPError, Left) as failure:
        error = failure
    came.end(status, headers, error)


with httpx.Client(verify=ssl.create_default_context(cafile=AUTHORITY), trust_env=False, timeout=60) as opened:
    for asked in orders():
        _run(opened, asked)
