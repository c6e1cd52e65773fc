"""Runs the commands, shows them, and searches everything they left for the values."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from agentsecrets.demo.upstream import EchoUpstream

_STYLES = {
    "BEARER": ("--bearer", ""), "PAIR": ("--basic", ""), "HEADER": ("--header", "X-Api-Key"), "QUERY": ("--query", "apiKey"),
    "BODY": ("--body-field", "auth.token"), "FORM": ("--form-field", "client_secret"),
}  # fmt: skip
_SECONDS = 60
_BLOCKED = 4


class Transcript:
    """A temporary home folder, and everything that was printed in it.

    Args:
        folder: An empty folder.
        as_json: Whether it is printed as one JSON document at the end, instead of step by step.
    """

    def __init__(self, folder: Path, *, as_json: bool) -> None:
        self.home, self._work = folder / "home", folder / "work"
        self._work.mkdir()
        self._as_json = as_json
        self.password = f"demo-{secrets.token_hex(12)}"
        self.values = {key: f"demo_{key.lower()}_{secrets.token_hex(12)}" for key in _STYLES}
        self.steps: list[dict[str, object]] = []
        self.failed = 0

    def step(self, *words: str, said: str = "", code: int = 0) -> None:
        """Runs one command of the product and shows it with what it prints."""
        command = [str(Path(sys.executable).with_name("agentsecrets")), *words]
        environment = {"AGENTSECRETS_HOME": str(self.home), "AGENTSECRETS_PORT": "0", "PATH": os.environ.get("PATH", "")}
        ended = subprocess.run(
            command,
            input=said,
            cwd=self._work,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        typed = f"agentsecrets {shlex.join(words)}"
        self.steps.append({"command": typed, "printed": ended.stdout, "status": ended.returncode})
        if not self._as_json:
            print(f"$ {typed}\n{ended.stdout}", flush=True)
        if ended.returncode != code:
            self.failed += 1
            print(f"!! {typed}: exit status {ended.returncode}, expected {code}", file=sys.stderr)

    def found(self) -> list[str]:
        """Where a value or the password stands that should stand nowhere."""
        wanted = [self.password, *self.values.values()]
        places = {"what was printed": "".join(str(step["printed"]) for step in self.steps).encode()}
        for root in (self.home, self._work):
            places |= {str(path.relative_to(root.parent)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        return [place for place, content in places.items() if any(secret.encode() in content for secret in wanted)]


def run(*, as_json: bool = False) -> int:
    """Tells the whole story.

    Args:
        as_json: Whether it is printed as one JSON document.

    Returns:
        0 when every step went as it should and no value was found anywhere.
    """
    upstream = EchoUpstream()
    with tempfile.TemporaryDirectory(prefix="agentsecrets-demo-") as folder:
        told = Transcript(Path(folder), as_json=as_json)
        ca = Path(folder) / "ca.pem"
        ca.write_bytes(upstream.ca_pem)
        _tell(told, f"localhost:{upstream.port}", ca)
        found = told.found()
    if as_json:
        print(json.dumps({"steps": told.steps, "searched_for": len(told.values) + 1, "found": found, "failed": told.failed}))
    else:
        searched = f"Searched everything printed and every file for {len(told.values)} values and the password"
        print(f"{searched}: found in {', '.join(found) or 'none'}.")
    return 1 if found or told.failed else 0


def _tell(told: Transcript, host: str, ca: Path) -> None:
    told.step("init", "--email", "demo@example.com", "--password-stdin", said=told.password)
    told.step("lock")
    told.step("unlock", "--password-stdin", said=told.password)
    told.step("project", "create", "demo")
    for key, value in told.values.items():
        told.step("secrets", "set", f"{key}=-", said=f"user:{value}" if key == "PAIR" else value)
    allow = ("workspace", "allowlist", "add", host, "--ca", str(ca), "--private", "127.0.0.0/8", "--private", "::1/128")
    told.step(*allow, "--password-stdin", said=told.password)
    for key, (flag, slot) in _STYLES.items():
        if flag in ("--query", "--body-field", "--form-field"):
            told.step("secrets", "bind", key, "--host", host, flag, slot, "--password-stdin", said=told.password)
        told.step("call", "--url", f"https://{host}/v1/things", flag, f"{slot}={key}" if slot else key)
    told.step("call", "--url", "https://not-allowed.example/", "--bearer", "BEARER", code=_BLOCKED)
    told.step("status")
    told.step("proxy", "logs", "--last", "10")
    told.step("log", "verify")
    told.step("proxy", "stop")
