"""A client of ``tests/parts/http_clients`` as a test drives it: directly at an upstream, or through the proxy."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.parts.clients import FOLDER, node_folder, program
from tests.parts.commands import VALUE, Commands, commands
from tests.parts.exchanges import BLOCK, Exchanges
from tests.parts.tls import TlsUpstream

REPOSITORY = Path(__file__).resolve().parents[2]
NAMES = ("curl", "requests", "httpx", "httpx2", "aiohttp", "fetch", "axios")


@dataclass(frozen=True)
class Came:
    """What a client says that it got: see ``tests/parts/http_clients``."""

    status: int
    headers: list[tuple[str, str]]
    bytes: int
    sha256: str
    text: str | None
    error: str | None
    trailers: list[str]

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def json(self) -> Any:
        """The body, read."""
        assert self.text is not None
        return json.loads(self.text)


class HttpClient:
    """One client, running.

    Args:
        name: Of ``NAMES``.
        folder: Of its own.
        authority: File with the certificate to trust.
    """

    def __init__(self, name: str, folder: Path, authority: Path) -> None:
        self.name = name
        block = folder / "block"
        block.write_bytes(BLOCK)
        given = [str(block), str(authority)]
        if name in ("fetch", "axios"):
            program("test", "mcporter")  # says so where the packages are not installed
            script = REPOSITORY / "tests/parts/http_clients/with_node.mjs"
            command = [f"{node_folder()}/node", str(script), *given, name, str(FOLDER / "test")]
        else:
            module = "httpx" if name == "httpx2" else name
            command = [sys.executable, "-m", f"tests.parts.http_clients.with_{module}", *given, *([name] if module == "httpx" else [])]
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "NODE_EXTRA_CA_CERTS": str(authority), "PYTHONPATH": str(REPOSITORY)}
        self._process = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def ask(self, order: dict[str, Any], *, meanwhile: Callable[[], None] | None = None, part: Callable[[str], None] | None = None) -> Came:
        """One request, to its end.

        Args:
            order: See ``tests/parts/http_clients``.
            meanwhile: What is done while the client holds the answer unread; it must then be asked to hold it.
            part: Called with each part of the body, as soon as the client has it.
        """
        self._say(json.dumps({**order, "hold": meanwhile is not None, "parts": part is not None}))
        while (told := self._told())["event"] != "end":
            if told["event"] == "part":
                assert part is not None
                part(told["text"])
            else:
                assert meanwhile is not None
                meanwhile()
                self._say("")
        headers = [(name, value) for name, value in told["headers"]]
        trailers = told.get("trailers") or []
        return Came(told["status"], headers, told["bytes"], told["sha256"], told["text"], told["error"], trailers)

    def close(self) -> None:
        """Ends it."""
        _, complained = self._process.communicate(timeout=30)
        assert self._process.returncode == 0, complained.decode()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def _told(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        line = self._process.stdout.readline()
        assert line, self._process.stderr.read().decode()
        told: dict[str, Any] = json.loads(line)
        return told


@dataclass(frozen=True)
class Ways:
    """From clients to an upstream: directly, and through a daemon of our own that may call it."""

    person: Commands
    upstream: TlsUpstream
    exchanges: Exchanges
    clients: dict[str, HttpClient]
    port: int
    token: str
    pid: int

    def direct(self, path: str, method: str = "GET", fields: tuple[tuple[str, str], ...] = (), **more: Any) -> dict[str, Any]:
        """An order that brings the credential itself."""
        headers = [("Authorization", f"Bearer {VALUE}"), *fields]
        return {"url": self.upstream.url(path), "method": method, "headers": headers, **more}

    def proxied(
        self, path: str, method: str = "GET", fields: tuple[tuple[str, str], ...] = (), *, inject: bool = True, **more: Any
    ) -> dict[str, Any]:
        """The same by way of the proxy."""
        headers = [("X-AS-Target-URL", self.upstream.url(path)), ("X-AS-Session-Token", self.token)]
        headers += [("X-AS-Inject-Bearer", "KEY")] if inject else []
        return {"url": f"http://127.0.0.1:{self.port}/proxy", "method": method, "headers": [*headers, *fields], **more}

    def logged(self, count: int) -> list[dict[str, Any]]:
        """The latest calls in the log, oldest first."""
        return [json.loads(line) for line in self.person.run("proxy", "logs", "--last", str(count)).splitlines()]


@contextmanager
def ways(root: Path, names: tuple[str, ...] = NAMES) -> Iterator[Ways]:
    """Everything set up, and taken down again."""
    with TlsUpstream() as upstream, commands(root) as person, ExitStack() as closing:
        person.allow(upstream)
        person.run("secrets", "set", "KEY=-", said=VALUE)
        clients = {}
        for name in names:
            (root / name).mkdir()
            clients[name] = HttpClient(name, root / name, person.home / "upstream-ca.pem")
            closing.callback(clients[name].close)
        status = person.ask("status")
        yield Ways(person, upstream, Exchanges(upstream), clients, status["port"], person.run("proxy", "token").strip(), status["pid"])
