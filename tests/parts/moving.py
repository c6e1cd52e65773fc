"""A machine on which a user has a guarded vault with a project, a secret, a binding and a log, and the service is installed beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.parts.commands import PASSWORD, PRIVATE, VALUE
from tests.parts.isolated import AGENT, STRANGER, Isolated, free_port
from tests.parts.machine import INSTALLED_FROM, SERVICE, Machine, machine
from tests.parts.tls import TlsUpstream

HOME = f"/home/{AGENT}/.agentsecrets"
STATE = "/var/lib/agentsecrets"
BY_PASSWORD = ("--password-stdin",)


@dataclass(frozen=True)
class Moving(Isolated):
    """Such a machine."""

    def adopt(self, *flags: str, code: int = 0) -> str:
        """Moves the vault of the agent's user into the service."""
        words = (SERVICE, "service", "adopt", AGENT, "--port", str(self.port), *BY_PASSWORD, *flags)
        return self.machine.run(*words, said=PASSWORD, code=code)

    def release(self, user: str = AGENT, code: int = 0) -> str:
        """Moves the vault of the service to a user."""
        return self.machine.run(SERVICE, "service", "release", user, *BY_PASSWORD, said=PASSWORD, code=code)

    def uses(self) -> None:
        """The vault that is in force has everything: its value arrives, and its log holds together from the first call on."""
        there = self.machine
        said = there.run(SERVICE, "call", "--url", self.upstream.url("/leak/plain?of=bearer"), "--bearer", "KEY", user=AGENT)
        assert "REDACTED_BY_AGENTSECRETS" in said
        assert self.upstream.seen[-1].credential() == VALUE.encode()
        assert "/first" in there.run(SERVICE, "proxy", "logs", "--last", "1000", user=AGENT)
        assert there.ask(SERVICE, "log", "verify", user=AGENT)["first_bad"] is None

    def has(self, path: str) -> bool:
        """Whether something is there, as root sees it."""
        return self.machine.end("test", "-e", path).returncode == 0


@contextmanager
def moving(*owners: str, systemd: bool = False) -> Iterator[Moving]:
    """The machine, with the agent's own daemon still running.

    Args:
        owners: Who else has a vault of the same kind.
        systemd: Whether systemd runs the service.
    """
    with machine(systemd=systemd) as made, TlsUpstream() as upstream:
        for user in (AGENT, STRANGER):
            made.run("useradd", "--create-home", user)
        scene = Moving(made, upstream, free_port())
        for user in (AGENT, *owners):
            _begin_guarded(made, upstream, user)
        made.run(INSTALLED_FROM, "service", "install", "--user", AGENT)
        if not systemd:
            scene.begin_by_hand()
        yield scene


def _begin_guarded(there: Machine, upstream: TlsUpstream, user: str) -> None:
    """An account of the user's own, unlocked, that has made one call."""

    def own(*words: str, said: str = "") -> None:
        there.run("/bin/sh", "-c", 'cd && exec "$@"', "sh", INSTALLED_FROM, *words, user=user, said=said, HOME=f"/home/{user}")

    own("init", "--email", "ada@example.com", "--port", str(free_port()), *BY_PASSWORD, said=PASSWORD)
    own("project", "create", "shop", "--no-folder")
    there.run("tee", "/tmp/ca.pem", said=upstream.ca_pem)
    host = upstream.origin.removeprefix("https://")
    own("workspace", "allowlist", "add", host, *PRIVATE, "--ca", "/tmp/ca.pem", *BY_PASSWORD, said=PASSWORD)
    own("secrets", "set", "KEY=-", said=VALUE)
    own("call", "--url", upstream.url("/first"), "--bearer", "KEY")
