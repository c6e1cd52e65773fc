"""An AI tool that speaks MCP: a program of ours on pipes, what is said to it, and what it answers."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.parts.commands import PROGRAM, VALUE, Commands, commands
from tests.parts.tls import TlsUpstream

_SECONDS = 30.0
MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "parts", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


@contextmanager
def shop(root: Path, upstream: TlsUpstream, **further: str) -> Iterator[Commands]:
    """Commands over a project with the secret ``KEY`` and further ones, and the upstream on the allowlist."""
    with commands(root) as made:
        for key, value in {"KEY": VALUE, **further}.items():
            made.run("secrets", "set", key, said=value)
        made.allow(upstream)
        yield made


class McpClient:
    """One server process and the client's end of its pipes; use it with ``with``.

    Args:
        at: Whose home and folder it has.
        flags: Of ``mcp serve``.
        version: Of the handshake; empty for the modern era, in which there is none.
        variables: Further environment variables.

    Attributes:
        said: Every byte of its standard output.
        process: The server.
    """

    def __init__(self, at: Commands, *flags: str, version: str = "2025-11-25", **variables: str) -> None:
        self.said, self._version, self._last, self._lines = b"", version, 0, 0
        self.process = subprocess.Popen(
            [PROGRAM, "mcp", "serve", *flags],
            cwd=at.folder,
            env={**at.environment, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        if self._version:
            asked = {"protocolVersion": self._version, "capabilities": {}, "clientInfo": {"name": "parts", "version": "1"}}
            assert self.ask("initialize", asked)["result"]["protocolVersion"] == self._version
            self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(_SECONDS)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                continue

    def send(self, message: object) -> None:
        """Sends one message, or bytes as they are."""
        assert self.process.stdin is not None
        octets = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"
        self.process.stdin.write(octets)
        self.process.stdin.flush()

    def request(self, method: str, params: dict[str, Any] | None = None) -> int:
        """Sends a request; answers its id."""
        self._last += 1
        params = {**(params or {}), **({} if self._version else {"_meta": MODERN})}
        self.send({"jsonrpc": "2.0", "id": self._last, "method": method, "params": params})
        return self._last

    def next(self) -> Any:
        """The next line, which must be one JSON document."""
        deadline = time.monotonic() + _SECONDS
        while self.said.count(b"\n") <= self._lines:
            assert self._more(deadline), "the server ended"
        line = self.said.split(b"\n")[self._lines]
        self._lines += 1
        return json.loads(line)

    def ask(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Sends a request and waits for the answer, which must come next."""
        asked = self.request(method, params)
        answer = self.next()
        assert answer["id"] == asked, answer
        return answer

    def use(self, tool: str, **arguments: Any) -> Any:
        """Uses a tool; answers what it says as structure."""
        result = self.ask("tools/call", {"name": tool, "arguments": arguments})["result"]
        assert result["isError"] is False, result
        assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
        return result["structuredContent"]

    def refused(self, tool: str, **arguments: Any) -> Any:
        """Uses a tool that must refuse; answers the refusal."""
        result = self.ask("tools/call", {"name": tool, "arguments": arguments})["result"]
        assert result["isError"] is True, result
        told = json.loads(result["content"][0]["text"])
        assert told["error"]
        assert told["message"]
        assert told["hint"]
        return told

    def end(self) -> tuple[int, bytes]:
        """Closes the input; answers the exit status and what stood on standard error. Every line of the output was JSON."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        deadline = time.monotonic() + _SECONDS
        while self._more(deadline):
            pass
        for line in self.said.splitlines():
            assert json.loads(line)
        assert self.process.stderr is not None
        return self.process.wait(_SECONDS), self.process.stderr.read()

    def _more(self, deadline: float) -> bool:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"nothing more came in time: {self.said!r}"
        part = os.read(self.process.stdout.fileno(), 65536)
        self.said += part
        return bool(part)
