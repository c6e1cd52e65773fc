"""The product's own commands, as a person or a script runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.parts.terminal import Terminal
from tests.parts.tls import TlsUpstream

PASSWORD = "violet-harbour-quartz-meadow"
VALUE = "sk_live_51HxQ/7+zvBq=Lm9"
PROGRAM = str(Path(sys.executable).with_name("agentsecrets"))
NO_BUS = "disabled:"
"""Where tests look for a keychain unless they bring one: never at that of whoever runs them."""
PRIVATE = ("--private", "127.0.0.0/8", "--private", "::1/128")


class Commands:
    """Runs commands with a state folder of their own, in a folder of their own.

    Args:
        root: A folder.
        uid: Whose commands these are, None for those of whoever runs the tests.

    Attributes:
        home: The state folder.
        folder: Where commands run.
        environment: What they run with.
        seconds: How long one on pipes may take.
    """

    def __init__(self, root: Path, uid: int | None = None) -> None:
        self.home, self.folder, self._uid = root / "home", root / "work", uid
        self.seconds = 60.0
        self.folder.mkdir(parents=True)
        if uid is not None:
            os.chown(self.folder, uid, uid)
        self.environment = {
            "AGENTSECRETS_HOME": str(self.home),
            "AGENTSECRETS_PORT": "0",
            "DBUS_SESSION_BUS_ADDRESS": NO_BUS,
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
        }

    def end(self, *words: str, said: str = "", folder: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs one command on pipes to its end."""
        return subprocess.run(
            [PROGRAM, *words],
            cwd=folder or self.folder,
            input=said,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=self.seconds,
            check=False,
            user=self._uid,
            group=self._uid,
            extra_groups=None if self._uid is None else [],
        )

    def run(self, *words: str, said: str = "", code: int = 0, folder: Path | None = None, **variables: str) -> str:
        """Runs one command that must end with a status; answers what it printed, with standard error when it failed as it should."""
        ended = self.end(*words, said=said, folder=folder, **variables)
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended.stdout + (ended.stderr if code else "")

    def ask(self, *words: str, said: str = "", code: int = 0, folder: Path | None = None) -> Any:
        """Runs one command with ``--output json``; answers the one document that it printed."""
        ended = self.end(*words, "--output", "json", said=said, folder=folder)
        assert ended.returncode == code, ended.stdout + ended.stderr
        return json.loads(ended.stdout)

    def at_terminal(self, *words: str, folder: Path | None = None) -> Terminal:
        """Runs one command on a terminal."""
        return Terminal([PROGRAM, *words], folder or self.folder, self.environment, self._uid)

    def allow(self, upstream: TlsUpstream) -> str:
        """Puts an upstream on the allowlist; answers its host."""
        authority = self.home / "upstream-ca.pem"
        authority.write_text(upstream.ca_pem)
        host = upstream.origin.removeprefix("https://")
        self.run("workspace", "allowlist", "add", host, *PRIVATE, "--ca", str(authority), "--password-stdin", said=PASSWORD)
        return host

    def value(self, key: str = "KEY", *words: str) -> str:
        """What a person is shown of a secret."""
        return self.run("secrets", "get", key, "--password-stdin", *words, said=PASSWORD).removesuffix("\n")

    def python(self, text: str) -> tuple[str, ...]:
        """The words that run some Python in the folder behind a command's flags; always the same."""
        (self.folder / "program.py").write_text(text)
        return ("--", sys.executable, "program.py")

    def set_up(self) -> None:
        """An account, unlocked, with one project to which the folder is bound."""
        self.run("init", "--email", "ada@example.com", "--password-stdin", said=PASSWORD)
        self.run("project", "create", "shop")

    def stop(self) -> None:
        """Stops the daemon, if one runs."""
        assert self.end("proxy", "stop").returncode in (0, 5)


@contextmanager
def commands(root: Path, *, ready: bool = True, uid: int | None = None) -> Iterator[Commands]:
    """Commands over a fresh state folder; no daemon is left behind.

    Args:
        root: An empty folder.
        ready: Whether there is an account and a project at once.
        uid: Whose commands these are, None for those of whoever runs the tests.
    """
    made = Commands(root, uid)
    try:
        if ready:
            made.set_up()
        yield made
    finally:
        made.stop()
