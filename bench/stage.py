"""What a benchmark plays on: two TLS upstreams and, side by side before them, nginx, the aiohttp pair, and daemons of ours."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from agentsecrets.crypto.localca import LocalCA
from bench import nginx
from bench.home import KEY, Home
from bench.machine import pin
from bench.nginx import Nginx

LARGE_MIB = 100
ENGINE_CPU, OTHERS_CPU = 1, 0
"""The engine that is measured has a core for itself; the load and the upstreams share the other."""


class Stage:
    """Set up by ``with``; nothing is left afterwards.

    Attributes:
        folder: A temporary folder that holds everything.
        ca: Authority of the upstreams, in PEM.
        upstream: nginx that answers with 1 KiB, and with a file of 100 MiB at ``/large/file``.
        streams_port: Port of the upstream that streams events over TLS.
        plain_streams_port: Port of another one that does so without.
        value: The value that every engine injects.
    """

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.folder = Path(tempfile.mkdtemp(prefix="agentsecrets-bench-"))
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self._stack = stack
            self.value = secrets.token_urlsafe(32)
            self._certify()
            (self.folder / "files").mkdir()
            self.upstream = nginx.upstream(self.folder / "upstream", self._certificate, self.folder / "files")
            stack.callback(self.upstream.close)
            self.streams_pid, self.streams_port = self._program("events.py", str(self._certificate))
            self.plain_streams_pid, self.plain_streams_port = self._program("events.py")
            for pid in (self.upstream.pid, self.streams_pid, self.plain_streams_pid):
                pin(pid, OTHERS_CPU)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def nginx(self) -> Nginx:
        """Starts nginx as a proxy."""
        started = nginx.proxy(self.folder / "nginx", self.ca, self.upstream.port, self.streams_port, self.value)
        self._stack.callback(started.close)
        pin(started.pid, ENGINE_CPU)
        return started

    def nginx_with_the_same_work(self) -> Nginx:
        """Starts nginx as a proxy that does for a call what a configuration can say of our work."""
        started = nginx.same_work(self.folder / "nginx-same", self.ca, self.upstream.port, KEY, self.value)
        self._stack.callback(started.close)
        pin(started.pid, ENGINE_CPU)
        return started

    def aiohttp_pair(self) -> tuple[int, int]:
        """Starts the aiohttp pair; answers its process and its port."""
        settings = {"hosts": self._hosts, "ca": str(self.ca), "value": self.value, "log": str(self.folder / "aiohttp.log")}
        pid, port = self._program("aiohttp_pair.py", first_line=json.dumps(settings))
        pin(pid, ENGINE_CPU)
        return pid, port

    def home(self, name: str = "home", python: Path | None = None) -> Home:
        """Starts a daemon of ours.

        Args:
            name: Of its folder.
            python: The interpreter whose ``agentsecrets`` is meant, this one by default.
        """
        started = Home(self.folder / name, python or Path(sys.executable), self._hosts, self.ca, self.value)
        self._stack.callback(started.close)
        pin(started.pid, ENGINE_CPU)
        return started

    def earlier(self, revision: str) -> Path:
        """An interpreter whose ``agentsecrets`` is that of an earlier revision, with the libraries of this environment.

        Args:
            revision: As git knows it.
        """
        tree, environment = self.folder / "earlier", self.folder / "earlier-venv"
        repository = Path(__file__).parents[1]
        git = ["git", "-C", str(repository), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", tree, revision], check=True)
        self._stack.callback(lambda: subprocess.run([*git, "remove", "--force", tree], check=True))
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
        packages = next((environment / "lib").glob("python*/site-packages"))
        libraries = next(path for path in sys.path if path.endswith("site-packages"))
        (packages / "earlier.pth").write_text(f"{tree / 'src'}\n{libraries}\n", encoding="utf-8")
        return environment / "bin" / "python"

    def large_file(self) -> None:
        """Puts 100 MiB that do not compress and are not regular under ``/large/file``, as lines of JSON."""
        line = json.dumps({"text": secrets.token_urlsafe(700)}).encode() + b"\n"
        block = (line * (1024 * 1024 // len(line) + 1))[: 1024 * 1024]
        with (self.folder / "files" / "file").open("wb") as file:
            for _ in range(LARGE_MIB):
                file.write(block)

    @property
    def origin(self) -> str:
        """``https://127.0.0.1:PORT`` of the upstream that answers."""
        return f"https://127.0.0.1:{self.upstream.port}"

    @property
    def _hosts(self) -> list[str]:
        return [f"127.0.0.1:{self.upstream.port}", f"127.0.0.1:{self.streams_port}"]

    def _certify(self) -> None:
        authority = LocalCA.create()
        self.ca, self._certificate = self.folder / "ca.pem", self.folder / "server.pem"
        self.ca.write_bytes(authority.pem)
        self._certificate.touch(0o600)
        self._certificate.write_bytes(b"".join(authority.issue("127.0.0.1")))

    def _program(self, name: str, *words: str, first_line: str = "") -> tuple[int, int]:
        path = Path(__file__).with_name(name)
        process = subprocess.Popen([sys.executable, path, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin is not None
        assert process.stdout is not None
        if first_line:
            process.stdin.write(first_line + "\n")
            process.stdin.flush()
        self._stack.callback(process.wait, 10)
        self._stack.callback(process.stdin.close)
        return process.pid, int(process.stdout.readline())
