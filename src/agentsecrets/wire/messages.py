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
    """Names a project, to create it or to make it the active one.

    Attributes:
        name: Its name, or its id.
        bind: Whether the folder of the command is to be bound to it.
    """

    name: str
    bind: bool = False


class Deposit(Message, frozen=True, kw_only=True):
    """A value, sealed to the daemon's deposit key.

    Attributes:
        note: Free text that is kept with the version.
        everywhere: Whether it goes into every environment of the project.
    """

    key: str
    sealed: bytes
    note: str = ""
    everywhere: bool = False


def meant(key: str, folder: str, named: tuple[str, str, str], *, everywhere: bool) -> tuple[str, ...]:
    """What a deposit is for, as the presence program seals it beside the value and the daemon expects it.

    Args:
        key: Name of the secret.
        folder: The folder of the command.
        named: Workspace, project and environment as the command named them, empty for what it left open.
        everywhere: Whether it goes into every environment.
    """
    return key, folder, *named, "everywhere" if everywhere else ""


class Import(Message, frozen=True, kw_only=True):
    """Values for many names at once, all of them or none, sealed to the daemon's deposit key.

    Attributes:
        sealed: A deposit of ``frame(key name, value, key name, value, …)``.
        count: How many secrets that are.
        existing: What becomes of names that have a value already: ``refuse``, ``overwrite`` or ``skip``.
    """

    sealed: bytes
    count: int
    existing: str = "refuse"


def meant_for_import(folder: str, named: tuple[str, str, str], existing: str) -> tuple[str, ...]:
    """What a deposit of many secrets is for: as ``meant``, without a key name, and with what becomes of existing names.

    Args:
        folder: The folder of the command.
        named: Workspace, project and environment as the command named them, empty for what it left open.
        existing: As in ``Import``.
    """
    return "", folder, *named, f"import-{existing}"


class Ask(Message, frozen=True, kw_only=True):
    """Asks a person for a secret.

    Attributes:
        reason: What it is for, in the words of whoever asks.
        agent: The name that it gives itself.
        wait_s: How long the answer may wait for the person, in seconds.
    """

    key: str
    reason: str = ""
    agent: str = ""
    wait_s: int = 0


class Version(Message, frozen=True, kw_only=True):
    """Names one version of a secret; 0 for the one before the newest."""

    key: str
    version: int = 0


class Copy(Message, frozen=True, kw_only=True):
    """Asks for the secrets of one environment in another.

    Attributes:
        overwrite: Whether those that are there already get a new version.
    """

    source: str
    target: str
    overwrite: bool = False


class Named(Message, frozen=True, kw_only=True):
    """Names one thing by what people call it."""

    name: str


class Renamed(Message, frozen=True, kw_only=True):
    """Gives a thing another name."""

    name: str
    to: str


class NamesOf(Message, frozen=True, kw_only=True):
    """Asks for names alone: ``key``, ``project``, ``workspace`` or ``domain``."""

    kind: str


class Key(Message, frozen=True, kw_only=True):
    """Names one secret."""

    key: str


class BindingWanted(Message, frozen=True, kw_only=True):
    """Says where a key may be used; what is left out stays as it is.

    Attributes:
        destination: A host, or the name of a provider that the catalogue knows; empty for none.
        hosts: ``HOST[:PORT]``, or ``*.`` and that.
        style: The auth style, empty for none.
        slot: The place of that style.
        methods: Methods in any case.
        paths: Path prefixes.
        any_method: Whether every method is allowed from now on.
        any_path: Whether every path is.
    """

    key: str
    destination: str = ""
    hosts: tuple[str, ...] = ()
    style: str = ""
    slot: str = ""
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    any_method: bool = False
    any_path: bool = False


class Handover(Message, frozen=True, kw_only=True):
    """Asks for the values of a command that runs in the folder of the request.

    Attributes:
        command: Its words.
        only: Names of the keys that it is to have; all of the place when empty.
        recipient: The key (X25519) that the values are to be sealed to; empty when only names are asked for.
    """

    command: tuple[bytes, ...]
    only: tuple[str, ...] = ()
    recipient: bytes = b""


class SignedHandover(Message, frozen=True, kw_only=True):
    """A hand-over that a person signed, and perhaps the word that it is to be remembered; both encoded envelopes."""

    envelope: bytes
    remembered: bytes = b""


class RememberedId(Message, frozen=True, kw_only=True):
    """Names one remembered command by the beginning of its id."""

    id: str


class LogQuery(Message, frozen=True, kw_only=True):
    """The newest ``last`` lines to which all conditions apply, or those from an index on; empty conditions apply to every line.

    Attributes:
        last: How many.
        after: Index to go on from, -1 for the newest.
        secret: A key name that the call used.
        agent: Name of the agent.
        status: ``OK``, ``BLOCKED``, ``FAILED``, ``CANCELLED`` or ``UNKNOWN``.
        environment: Environment of the call.
    """

    last: int = 20
    after: int = -1
    secret: str = ""
    agent: str = ""
    status: str = ""
    environment: str = ""

    def going_on(self, after: int) -> LogQuery:
        """The same question about what is written from an index on."""
        return msgspec.structs.replace(self, after=after)


class DaemonStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What ``agentsecrets status`` says.

    Attributes:
        protection: The level in force.
        protection_why: What it means.
        protection_limit: What it does not protect against.
        locked_by: Slug of the failure for which the keychain did not open the vault, empty when it was not asked or did.
        locked_why: Its words.
        recovery: Whether a recovery key opens the account too.
        resolution: How the project was found: ``header``, ``folder`` or ``active``; empty for none.
        untrusted: Path of a project file that nobody here has confirmed.
        identity: What an agent's name is worth.
    """

    version: str
    pid: int
    port: int
    uptime_s: int
    idle_lock_s: int
    locked: bool
    protection: str
    protection_why: str = ""
    protection_limit: str = ""
    locked_by: str = ""
    locked_why: str = ""
    recovery: bool = False
    email: str
    workspace: str = ""
    project: str = ""
    environment: str = ""
    resolution: str = ""
    untrusted: str = ""
    allowlist: int = 0
    log_rows: int = 0
    redactions: int = 0
    identity: str = "a label, not a limit"
