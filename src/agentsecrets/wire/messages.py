"""Messages of the control plane: JSON over HTTP on the Unix socket."""

from __future__ import annotations

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of all requests: unknown fields are refused."""


class Nothing(Message, frozen=True, kw_only=True):
    """A request or answer without content."""


class Signed(Message, frozen=True, kw_only=True):
    """An encoded envelope that a person signed, or that the daemon signed for the presence program."""

    envelope: bytes


class ProjectName(Message, frozen=True, kw_only=True):
    """Names a project, to create it or to make it the active one."""

    name: str


class Deposit(Message, frozen=True, kw_only=True):
    """A value, sealed to the daemon's deposit key."""

    key: str
    sealed: bytes


class Key(Message, frozen=True, kw_only=True):
    """Names one secret."""

    key: str


class LogQuery(Message, frozen=True, kw_only=True):
    """The newest ``last`` lines, or those from an index on."""

    last: int = 20
    after: int = -1


class DaemonStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What ``agentsecrets status`` says."""

    version: str
    pid: int
    port: int
    locked: bool
    protection: str
    email: str
    workspace: str = ""
    project: str = ""
    environment: str = ""
    allowlist: int = 0
    log_rows: int = 0
    redactions: int = 0
    identity: str = "a label, not a limit"
