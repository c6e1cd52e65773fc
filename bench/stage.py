"""What a benchmark plays on: a temporary home set up by the product's own commands, a warm daemon, and a TLS upstream beside it."""

from __future__ import annotations

import json
import os
import platform
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from agentsecrets.crypto.localca import LocalCA

COMMAND = Path(sys.executable).parent / "agentsecrets"
KEY = "BENCH_KEY"


class Stage:
    """Set up by ``with``; nothing is left afterwards.

    Attributes:
        folder: A temporary folder, which holds the home, the authority and the certificate.
        environment: What the commands run with.
        upstream: Process of the upstream.
        origin: Its ``https://127.0.0.1:PORT``.
        ca: Its authority, in PEM.
        proxy_port: Where the daemon listens.
        daemon_pid: Process of the daemon.
        token: The session token.
    """

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.folder = Path(tempfile.mkdtemp(prefix="agentsecrets-bench-"))
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.environment = {
                "PATH": os.environ.get("PATH", ""),
                "LANG": "C.UTF-8",
                "AGENTSECRETS_HOME": str(self.folder / "home"),
                "AGENTSECRETS_PORT": "0",
            }
            self._start_upstream()
            stack.callback(self._stop_upstream)
            stack.callback(self.run, "proxy", "stop")
            self._set_up()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def run(self, *words: str, typed: str = "") -> str:
        """Runs one command of the product and answers its standard output.

        Raises:
            RuntimeError: When it fails, with what it said.
        """
        run = subprocess.run(
            [COMMAND, *words], cwd=self.folder, env=self.environment, input=typed, capture_output=True, text=True, timeout=60, check=False
        )
        if run.returncode != 0:
            raise RuntimeError(f"agentsecrets {' '.join(words)}: {run.stderr}{run.stdout}")
        return run.stdout

    def _start_upstream(self) -> None:
        authority = LocalCA.create()
        self.ca = self.folder / "ca.pem"
        self.ca.write_bytes(authority.pem)
        certificate = self.folder / "server.pem"
        certificate.write_bytes(b"".join(authority.issue("127.0.0.1")))
        program = Path(__file__).with_name("upstream.py")
        self.upstream = subprocess.Popen([sys.executable, program, certificate], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.upstream.stdout is not None
        self.upstream_port = int(self.upstream.stdout.readline())
        self.origin = f"https://127.0.0.1:{self.upstream_port}"

    def _stop_upstream(self) -> None:
        assert self.upstream.stdin is not None
        self.upstream.stdin.close()
        self.upstream.wait(10)

    def _set_up(self) -> None:
        password = secrets.token_urlsafe(24)
        self.run("init", "--email", "bench@example.com", "--protection", "guarded", "--password-stdin", typed=password)
        self.environment["AGENTSECRETS_PORT"] = str(_free_port())
        self.run("unlock", "--password-stdin", typed=password)
        self.run("project", "create", "bench")
        self.run("secrets", "set", f"{KEY}=-", typed=secrets.token_urlsafe(32))
        allowed = ("workspace", "allowlist", "add", f"127.0.0.1:{self.upstream_port}", "--private", "127.0.0.0/8", "--ca", str(self.ca))
        self.run(*allowed, "--password-stdin", typed=password)
        self.run("call", "--url", f"{self.origin}/first", "--bearer", KEY)
        status = json.loads(self.run("status", "--output", "json"))
        self.daemon_pid, self.proxy_port = status["pid"], status["port"]
        self.token = self.run("proxy", "token").strip()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, in steps of a clock tick (10 ms).

    Source: proc_pid_stat(5), fields 14 and 15.
    """
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine() -> str:
    """One line about where this was measured."""
    model = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if "model name" in line),
        platform.machine(),
    )
    python = platform.python_version()
    return f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores ({model}), Linux {platform.release().split('-')[0]}, Python {python}"
