"""Runs the commands, shows them, and searches everything they left for the values."""

from __future__ import annotations

import os
import secrets
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
    """A temporary home folder, and everything that was printed in it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.password = f"demo-{secrets.token_hex(12)}"
        self.values = {key: f"demo_{key.lower()}_{secrets.token_hex(12)}" for key in _STYLES}
        self.printed = ""
        self.failed = 0

    def step(self, *words: str, said: str = "", code: int = 0) -> None:
        """Runs one command of the product and shows it with what it prints."""
        command = [str(Path(sys.executable).with_name("agentsecrets")), *words]
        environment = {"AGENTSECRETS_HOME": str(self.home), "AGENTSECRETS_PORT": "0", "PATH": os.environ.get("PATH", "")}
        ended = subprocess.run(
            command, input=said, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=_SECONDS, check=False
        )
        print(f"$ agentsecrets {' '.join(words)}\n{ended.stdout}", flush=True)
        self.printed += ended.stdout
        if ended.returncode != code:
            self.failed += 1
            print(f"!! exit status {ended.returncode}, expected {code}")

    def found(self) -> list[str]:
        """Where a value or the password stands that should stand nowhere."""
        wanted = [self.password, *self.values.values()]
        places = {"what was printed": self.printed.encode()}
        places |= {str(path.relative_to(self.home)): path.read_bytes() for path in self.home.rglob("*") if path.is_file()}
        return [place for place, content in places.items() if any(secret.encode() in content for secret in wanted)]


def run() -> int:
    """Tells the whole story.

    Returns:
        0 when every step went as it should and no value was found anywhere.
    """
    upstream = EchoUpstream()
    host = f"localhost:{upstream.port}"
    with tempfile.TemporaryDirectory(prefix="agentsecrets-demo-") as folder:
        told = Transcript(Path(folder))
        ca = Path(folder) / "ca.pem"
        ca.write_bytes(upstream.ca_pem)
        told.step("init", "--email", "demo@example.com", "--password-stdin", said=told.password)
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
        told.step("proxy", "logs", "--last", "10")
        told.step("log", "verify")
        told.step("proxy", "stop")
        found = told.found()
    print(f"Searched everything printed and every file for {len(told.values)} values and the password: found in {found or 'none'}.")
    return 1 if found or told.failed else 0
