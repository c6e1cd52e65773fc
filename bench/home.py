"""One daemon of ours, in a temporary home that the product's own commands set up."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.machine import free_port

KEY = "BENCH_KEY"


class Home:
    """Set up by the constructor, stopped by ``close``.

    Args:
        folder: Made for it.
        python: The interpreter whose ``agentsecrets`` is measured.
        hosts: ``HOST:PORT`` to allow.
        ca: Authority of those hosts.
        value: What the one key holds.

    Attributes:
        environment: What the commands run with.
        pid: Process of the daemon.
        port: Where it listens.
        token: The session token.
    """

    def __init__(self, folder: Path, python: Path, hosts: Sequence[str], ca: Path, value: str) -> None:
        folder.mkdir()
        self.folder, self._python = folder, python
        self.environment = {
            "PATH": os.environ.get("PATH", ""),
            "LANG": "C.UTF-8",
            "AGENTSECRETS_HOME": str(folder / "home"),
            "AGENTSECRETS_PORT": "0",
        }
        self._password = secrets.token_urlsafe(24)
        self.run("init", "--email", "bench@example.com", "--protection", "guarded", "--password-stdin", typed=self._password)
        self.environment["AGENTSECRETS_PORT"] = str(free_port())
        self.unlock()
        self.run("project", "create", "bench")
        self.run("secrets", "set", f"{KEY}=-", typed=value)
        for host in hosts:
            allowed = ("workspace", "allowlist", "add", host, "--private", "127.0.0.0/8", "--ca", str(ca))
            self.run(*allowed, "--password-stdin", typed=self._password)
        self.run("call", "--url", f"https://{hosts[0]}/first", "--bearer", KEY)

    def unlock(self) -> None:
        """Starts the daemon, with its keys."""
        self.run("unlock", "--password-stdin", typed=self._password)
        status = json.loads(self.run("status", "--output", "json"))
        self.pid, self.port = int(status["pid"]), int(status["port"])
        self.token = self.run("proxy", "token").strip()

    def run(self, *words: str, typed: str = "") -> str:
        """Runs one command of the product and answers its standard output.

        Raises:
            RuntimeError: When it fails, with what it said.
        """
        run = subprocess.run(
            [*self.command, *words],
            cwd=self.folder,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if run.returncode != 0:
            raise RuntimeError(f"agentsecrets {' '.join(words)}: {run.stderr}{run.stdout}")
        return run.stdout

    @property
    def command(self) -> list[str]:
        """The start of a command line of the product."""
        return [str(self._python), "-m", "agentsecrets.cli"]

    def close(self) -> None:
        """Stops the daemon."""
        self.run("proxy", "stop")
