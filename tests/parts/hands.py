"""Twenty hands that work with a daemon which may be killed at any moment, and what each of them was promised.

A hand that sets and deletes has a key of its own: it knows the version that was acknowledged last, and which one step was under way when
the daemon went. A hand that calls gives every call a path of its own, so that the upstream's memory can be held against the log.
"""

from __future__ import annotations

import http.client
import random
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from agentsecrets.client.control import Control
from agentsecrets.crypto.deposits import seal_deposit
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.errors import DaemonGone, Locked, NoDaemon, SecretNotFound, ShuttingDown
from agentsecrets.model.statement import DepositOffer, read_payload
from agentsecrets.wire import frames, headers
from agentsecrets.wire.messages import Deposit, Key, Signed, meant
from agentsecrets.wire.socket_path import short_path

GONE = (NoDaemon, DaemonGone, ShuttingDown, Locked, OSError, http.client.HTTPException)
"""What a client sees of a daemon that was killed, stopped or locked."""

_SECONDS = 20.0
_ENDED = frames.frame(frames.EXIT, b"\x00")


@dataclass
class Daemon:
    """One life of the daemon, as clients see it.

    Attributes:
        home: Its state folder.
        port: Where its proxy listens.
        token: Its session token.
        deposit: The key that values are sealed to.
        running: Cleared when hands are to stop.
    """

    home: Path
    port: int
    token: str
    deposit: bytes
    running: threading.Event

    @classmethod
    def met(cls, home: Path) -> Daemon:
        """The daemon that runs now."""
        control = Control(home)
        session = control.ask("/v1/session")
        offer = Envelope.decode(msgspec.convert(control.ask("/v1/secrets/offer"), Signed).envelope)
        running = threading.Event()
        running.set()
        return cls(home, session["port"], session["token"], read_payload(offer.payload, DepositOffer).public, running)

    def sealed(self, key: str, value: str) -> bytes:
        """A value on its way to the daemon, from nowhere in particular."""
        return seal_deposit(self.deposit, meant(key, "", ("", "", ""), everywhere=False), value.encode())


def value_of(key: str, version: int) -> str:
    """The value that is stored as a version of a key: no other version has it."""
    return f"sk_crash_{key}_{version:06d}_Qm7vT2xW9z"


@dataclass
class Keeper:
    """Sets and deletes one key of its own.

    Attributes:
        version: The version acknowledged last, deleted ones counted.
        present: Whether the secret is there.
        step: What was asked and not answered yet: ``set``, ``delete``, or nothing.
        acknowledged: How many steps were acknowledged.
    """

    key: str
    version: int = 0
    present: bool = False
    step: str = ""
    acknowledged: int = 0

    def work(self, daemon: Daemon, chance: random.Random) -> None:
        """One step."""
        control = Control(daemon.home, seconds=_SECONDS)
        if self.present and chance.random() < 0.3:
            self.step = "delete"
            control.ask("/v1/secrets/delete", Key(key=self.key))
            self.present = False
        else:
            self.step = "set"
            sealed = daemon.sealed(self.key, value_of(self.key, self.version + 1))
            told = control.ask("/v1/secrets/set", Deposit(key=self.key, sealed=sealed))
            assert told["version"] == self.version + 1, f"{self.key}: version {told['version']} after {self.version}"
            self.version, self.present = self.version + 1, True
        self.step = ""
        self.acknowledged += 1

    def check(self, found: int | None) -> None:
        """Holds what a fresh daemon lists (a version, or None for nothing) against what was promised, and goes on from there."""
        promised = self.version if self.present else None
        under_way = {"": promised, "set": self.version + 1, "delete": None}[self.step]
        assert found in (promised, under_way), f"{self.key}: found {found}, promised {promised}, under way: {self.step or 'nothing'}"
        if found != promised:
            self.version, self.present = (self.version, False) if found is None else (found, True)
        self.step = ""


@dataclass
class Crowd:
    """Sets a key that other hands set too.

    Attributes:
        versions: All versions that were acknowledged to this crowd.
    """

    key: str
    versions: list[int] = field(default_factory=list)

    def work(self, daemon: Daemon, chance: random.Random) -> None:
        """One step."""
        sealed = daemon.sealed(self.key, value_of(self.key, chance.randrange(10**6)))
        told = Control(daemon.home, seconds=_SECONDS).ask("/v1/secrets/set", Deposit(key=self.key, sealed=sealed))
        self.versions.append(told["version"])

    def check(self, found: int | None) -> None:
        """No version was given twice, and the newest one acknowledged is there or has been followed."""
        assert len(set(self.versions)) == len(self.versions)
        assert (found or 0) >= max(self.versions, default=0)


@dataclass
class Caller:
    """Makes calls, over the control socket or over the port.

    Attributes:
        answered: Paths of calls whose whole answer was read.
    """

    origin: str
    way: str
    answered: set[str] = field(default_factory=set)

    def work(self, daemon: Daemon, chance: random.Random) -> None:
        """One call."""
        path = f"/{chance.choice(('echo', 'echo', 'chunked'))}/{secrets.token_hex(8)}"
        fields = {headers.TARGET_URL: self.origin + path, headers.INJECT_BEARER: "CALL_KEY"}
        whole = _by_socket(daemon, fields) if self.way == "socket" else _by_port(daemon, fields)
        if whole:
            self.answered.add(path)


def credential_that_arrives(daemon: Daemon, origin: str, key: str, seen: Callable[[str], str]) -> str:
    """What an upstream gets when a key is used.

    Args:
        daemon: Who makes the call.
        origin: The upstream.
        key: The key.
        seen: Finds the ``Authorization`` that came with a path.
    """
    path = f"/echo/{secrets.token_hex(8)}"
    assert _by_port(daemon, {headers.TARGET_URL: origin + path, headers.INJECT_BEARER: key})
    return seen(path)


def listed(home: Path) -> dict[str, int]:
    """The versions of all secrets."""
    return {line["key"]: line["version"] for line in Control(home).ask("/v1/secrets")["secrets"]}


def deleted(control: Control, key: str) -> bool:
    """Deletes a secret; whether it was there."""
    try:
        control.ask("/v1/secrets/delete", Key(key=key))
    except SecretNotFound:
        return False
    return True


def _by_port(daemon: Daemon, fields: dict[str, str]) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=_SECONDS)
    try:
        connection.request("GET", "/proxy", headers={**fields, headers.SESSION_TOKEN: daemon.token})
        answer = connection.getresponse()
        answer.read()
        return answer.status == 200
    finally:
        connection.close()


def _by_socket(daemon: Daemon, fields: dict[str, str]) -> bool:
    """The request of ``agentsecrets call``; whole when the last frame came and says 0."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**fields, headers.METHOD: "GET"}.items())
    head = f"POST /v1/call HTTP/1.1\r\nHost: agentsecrets\r\nConnection: close\r\nContent-Length: 0\r\n{lines}\r\n"
    received = b""
    with socket.socket(socket.AF_UNIX) as connection, short_path(daemon.home / "run") as path:
        connection.settimeout(_SECONDS)
        connection.connect(str(path))
        connection.sendall(head.encode())
        while block := connection.recv(65536):
            received += block
    return _ENDED in received and received.endswith(b"0\r\n\r\n")
