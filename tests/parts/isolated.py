"""A machine with the service installed, an account, a project and a secret in it, and two users: one who may use it and one who may not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.parts.commands import PASSWORD, PRIVATE, VALUE
from tests.parts.machine import INSTALLED_FROM, SERVICE, Machine, machine
from tests.parts.tls import TlsUpstream

AGENT, STRANGER = "agent", "stranger"


@dataclass(frozen=True)
class Isolated:
    """Such a machine.

    Attributes:
        machine: The machine.
        upstream: An upstream that the allowlist names; it runs outside.
        port: Where the proxy listens.
    """

    machine: Machine
    upstream: TlsUpstream
    port: int

    @property
    def host(self) -> str:
        """The upstream's host and port."""
        return self.upstream.origin.removeprefix("https://")

    def curl(self, user: str, *fields: str) -> str:
        """curl on ``/proxy`` as somebody."""
        asked = (f"X-AS-Target-URL: {self.upstream.url('/leak/plain?of=bearer')}", "X-AS-Inject-Bearer: KEY", *fields)
        words = [
            "curl",
            "-s",
            "--noproxy",
            "*",
            f"http://127.0.0.1:{self.port}/proxy",
            *(word for field in asked for word in ("-H", field)),
        ]
        return self.machine.end(*words, user=user).stdout

    def set_up(self) -> None:
        """An account, unlocked, with a project, an allowed host and a secret: what an administrator does."""
        by_password = ("--password-stdin",)
        self.machine.run(SERVICE, "init", "--email", "ada@example.com", "--port", str(self.port), *by_password, said=PASSWORD)
        self.machine.run(SERVICE, "project", "create", "shop")
        self.machine.run("tee", "/tmp/ca.pem", said=self.upstream.ca_pem)
        self.machine.run(SERVICE, "workspace", "allowlist", "add", self.host, *PRIVATE, "--ca", "/tmp/ca.pem", *by_password, said=PASSWORD)
        self.machine.run(SERVICE, "secrets", "set", "KEY=-", said=VALUE)

    def begin_by_hand(self) -> None:
        """Starts the service as a container without systemd would, and waits until it is there."""
        self.machine.begin(SERVICE, "service", "run")
        asks = "curl -s --unix-socket /run/agentsecrets/run/control.sock -X POST http://localhost/v1/status"
        self.machine.wait_for(
            "/bin/sh", "-c", f"cd /var/lib/agentsecrets && test -S run/keeper.sock && {{ test ! -e state.db || {asks}; }}"
        )

    def end_by_hand(self) -> None:
        """Ends it and waits until nothing of it is left."""
        self.machine.end("pkill", "-TERM", "--oldest", "--uid", "agentsecrets")
        self.machine.wait_for("/bin/sh", "-c", "! pgrep --uid agentsecrets")


@contextmanager
def isolated(*, systemd: bool = False) -> Iterator[Isolated]:
    """The service on a machine of its own, ready to be used.

    Args:
        systemd: Whether systemd runs it.
    """
    with machine(systemd=systemd) as made, TlsUpstream() as upstream:
        for user in (AGENT, STRANGER):
            made.run("useradd", "--create-home", user)
        made.run(INSTALLED_FROM, "service", "install", "--user", AGENT)
        scene = Isolated(made, upstream, free_port())
        if not systemd:
            scene.begin_by_hand()
        scene.set_up()
        yield scene


def free_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
