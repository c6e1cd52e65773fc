"""The control plane's messages: JSON over HTTP/1.1 on the Unix socket. A route is one of ``ROUTES``; a failure is ``wire.failures``.

The context of a command travels in header fields: ``X-AS-Cwd`` (percent-encoded path), ``X-AS-Project`` (name or id) and
``X-AS-Environment``. Every answer carries ``X-AS-Version``, the version of the daemon.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar
from urllib.parse import quote_from_bytes, unquote_to_bytes

import msgspec

from agentsecrets.errors import BadRequest

CWD = "X-AS-Cwd"
VERSION = "X-AS-Version"
OUTPUT = "X-AS-Output"
"""``text`` or ``json``: how the frames of ``/v1/call`` and ``/v1/status`` are formatted."""

ROUTES = (
    "GET /v1/status",
    "POST /v1/stop",
    "POST /v1/lock",
    "GET /v1/session",
    "POST /v1/session/rotate",
    "GET /v1/deposit-key",
    "GET /v1/place",
    "GET /v1/projects",
    "POST /v1/projects",
    "POST /v1/projects/use",
    "GET /v1/secrets",
    "PUT /v1/secrets/{key}",
    "DELETE /v1/secrets/{key}",
    "POST /v1/secrets/{key}/reveal",
    "GET /v1/allowlist",
    "GET /v1/allowlist/log",
    "POST /v1/ledger",
    "POST /v1/bindings",
    "POST /v1/folders",
    "GET /v1/logs",
    "GET /v1/log/verify",
    "POST /v1/call",
)

FolderStanding = Literal["none", "trusted", "untrusted"]

_T = TypeVar("_T")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """The base of all messages."""


class Done(Message, frozen=True, kw_only=True):
    """Answer of verbs that have nothing to tell."""


class Where(Message, frozen=True, kw_only=True):
    """Answer of ``GET /v1/place``, and what ``set``, ``delete`` and ``use`` say they acted on.

    Attributes:
        resolution_path: ``header``, ``folder`` or ``active``.
    """

    email: str
    workspace_id: str
    workspace: str
    project_id: str
    project: str
    environment: str
    resolution_path: str


class Status(Message, frozen=True, kw_only=True):
    """Answer of ``GET /v1/status``. What only an unlocked daemon knows is empty or None while it is locked.

    Attributes:
        account: E-mail of the account, empty before ``init``.
        protection: The level in force.
        protection_why: Why it is that one, in words.
        folder: Whether the folder of the command is bound by a project file, and whether that file is trusted.
        identity: What an agent's identity is worth here, in words.
        idle_lock_s: Seconds without activity after which the vault locks; 0 while it is locked.
    """

    version: str
    pid: int
    port: int
    locked: bool
    account: str
    protection: str
    protection_why: str
    workspace: str = ""
    project: str = ""
    environment: str = ""
    resolution_path: str = ""
    folder: FolderStanding = "none"
    allowlist: int | None = None
    secrets: int | None = None
    redactions: int = 0
    uptime_s: int = 0
    idle_lock_s: int = 0
    log_length: int = 0
    identity: str = ""


class SessionAnswer(Message, frozen=True, kw_only=True):
    """Answer of ``GET /v1/session`` and ``POST /v1/session/rotate``."""

    token: str
    port: int


class Signed(Message, frozen=True, kw_only=True):
    """An encoded envelope; in JSON its bytes are base64."""

    envelope: bytes


class Sealed(Message, frozen=True, kw_only=True):
    """Bytes sealed to one receiver."""

    sealed: bytes


class Project(Message, frozen=True, kw_only=True):
    """One project; ``active`` says that commands here would use it."""

    id: str
    name: str
    active: bool = False


class Projects(Message, frozen=True, kw_only=True):
    """Answer of ``GET /v1/projects``."""

    workspace: str
    projects: list[Project]


class CreateProject(Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``POST /v1/projects``: makes a project, binds the folder to it when one is given, and makes it the active one."""

    name: str
    folder: str | None = None


class UseProject(Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``POST /v1/projects/use``: chooses a project and environment, for a folder or, without one, as the user's active ones."""

    name: str
    folder: str | None = None
    environment: str | None = None


class ProjectChosen(Message, frozen=True, kw_only=True):
    """Answer of both; ``file`` is the project file that was written, empty when none was."""

    project: str
    project_id: str
    environment: str
    file: str = ""


class Secret(Message, frozen=True, kw_only=True):
    """One line of the list: never a value. ``bound`` says in words where the key may be used, empty when it is not bound."""

    key: str
    version: int
    updated_ms: int
    bound: str = ""


class Secrets(Message, frozen=True, kw_only=True):
    """Answer of ``GET /v1/secrets``."""

    where: Where
    secrets: list[Secret]


class SecretStored(Message, frozen=True, kw_only=True):
    """Answer of ``PUT /v1/secrets/{key}``."""

    where: Where
    key: str
    version: int


class SecretDeleted(Message, frozen=True, kw_only=True):
    """Answer of ``DELETE /v1/secrets/{key}``."""

    where: Where
    key: str


class AllowedHostLine(Message, frozen=True, kw_only=True):
    """One entry of the allowlist. ``domain`` is host and port as a person writes them; ``ca`` says whether there is an extra CA."""

    domain: str
    host: str
    port: int
    plain_http: bool = False
    private: list[str] = []
    ca: bool = False


class AllowlistAnswer(Message, frozen=True, kw_only=True):
    """Answer of ``GET /v1/allowlist``."""

    workspace: str
    domains: list[AllowedHostLine]


class AllowlistLine(Message, frozen=True, kw_only=True):
    """One change (``added``, ``removed``) or blocked attempt (``blocked``)."""

    timestamp: str
    action: Literal["added", "removed", "blocked"]
    domain: str
    by: str = ""
    reason: str = ""


class AllowlistLog(Message, frozen=True, kw_only=True):
    """Answer of ``GET /v1/allowlist/log``, oldest first."""

    lines: list[AllowlistLine]


class Accepted(Message, frozen=True, kw_only=True):
    """Answer of ``POST /v1/ledger``, ``/v1/bindings`` and ``/v1/folders``: what now holds, in words."""

    shown: str


class Logs(Message, frozen=True, kw_only=True):
    """Answer of ``GET /v1/logs?last=N`` or ``?after=INDEX``: lines under the published names, and the index to go on from."""

    lines: list[dict[str, Any]]
    next: int


class LogVerdict(Message, frozen=True, kw_only=True):
    """Answer of ``GET /v1/log/verify``.

    Attributes:
        rows: Rows examined.
        anchored: Rows up to the last signed checkpoint.
        first_bad: Index of the first row that does not hold, None when all do.
    """

    rows: int
    anchored: int
    first_bad: int | None


def write_message(message: Message) -> bytes:
    """A message as JSON."""
    return msgspec.json.encode(message)


def read_message(document: bytes, shape: type[_T]) -> _T:
    """Reads a message.

    Raises:
        BadRequest: When it is not of that shape.
    """
    try:
        return msgspec.json.decode(document, type=shape)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError):
        raise BadRequest(problem="its JSON is not what this route takes") from None


def write_path(path: bytes) -> str:
    """A path as a header value: percent-encoded bytes."""
    return quote_from_bytes(path)


def read_path(value: bytes) -> bytes:
    """What ``write_path`` wrote."""
    return unquote_to_bytes(value)
