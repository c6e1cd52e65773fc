"""Does what it is told with curl, a process for each request."""

from __future__ import annotations

import io
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any, cast

from tests.parts.http_clients.conversation import AUTHORITY, Came, Left, body, orders, read_on


class CurlFailed(Exception):
    """curl ended with a status other than 0."""


def _head(dumped: bytes) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Status and fields of the last head that is none of an informational answer; the fields of a trailer section come behind."""
    final = re.split(rb"(?m)^(?=HTTP/)", dumped)[-1]
    lines = [line for line in final.split(b"\r\n") if line]
    fields = [line.split(b":", 1) for line in lines[1:]]
    return (int(lines[0].split(b" ")[1]) if lines else 0), [(name, value.strip()) for name, value in fields]


def _command(order: dict[str, Any], folder: Path) -> list[str]:
    command = ["curl", "-sS", "-N", "-g", "--noproxy", "*", "--cacert", AUTHORITY, "-D", str(folder / "head"), "-X", order["method"]]
    for name, value in order["headers"]:
        command += ["-H", f"{name}: {value}"]
    if order["method"] == "HEAD":
        command += ["--head"]
    if send := order.get("send"):
        with (folder / "body").open("wb") as file:
            file.writelines(body(send["bytes"]))
        command += ["-T", "-" if send["chunked"] else str(folder / "body")]
    if any(name.lower() == "accept-encoding" for name, _ in order["headers"]):
        command += ["--compressed"]
    return [*command, order["url"]]


def _run(order: dict[str, Any], folder: Path) -> None:
    came = Came(order)
    error: Exception | None = None
    command = _command(order, folder)
    source = (folder / "body").open("rb") if "-T" in command and "-" in command else None
    with subprocess.Popen(command, stdin=source or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as curl:
        assert curl.stdout is not None
        try:
            if order.get("hold"):
                read_on()
            while part := cast("io.BufferedReader", curl.stdout).read1(65536):
                if order["method"] != "HEAD":  # it prints the head, then, as if it were a body
                    came.add(part)
            if curl.wait() != 0:
                error = CurlFailed()
        except Left as left:
            error = left
            curl.kill()
    if source is not None:
        source.close()
    status, headers = _head((folder / "head").read_bytes() if (folder / "head").exists() else b"")
    came.end(status, headers, error)


for asked in orders():
    with tempfile.TemporaryDirectory() as made:
        _run(asked, Path(made))
