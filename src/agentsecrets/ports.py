"""Every seam on one page: what the verbs need of the world, as protocols."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from agentsecrets.crypto.value import Value
    from agentsecrets.model.allowlist import AllowedHost, Allowlist
    from agentsecrets.model.binding import Binding
    from agentsecrets.model.call import Field
    from agentsecrets.model.event import Event
    from agentsecrets.model.place import Place, WorkspaceId
    from agentsecrets.model.secret import KeyName
    from agentsecrets.model.target import Target


class Clock(Protocol):
    """Time, for code that must be testable."""

    def now_ms(self) -> int:
        """Unix time in milliseconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...


class AuditSink(Protocol):
    """Where events go; returning means committed."""

    async def record(self, event: Event) -> None:
        """Commits one event.

        Raises:
            StateUnwritable: When it could not be committed. No log, no call.
        """
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What a workspace allows at one moment; an immutable snapshot.

    Attributes:
        allowlist: The hosts that may be reached.
        role: The role of this account in the workspace.
        agents_required: Whether only issued agent tokens may enter.
    """

    allowlist: Allowlist
    role: str
    agents_required: bool = False


class Authority(Protocol):
    """What the engine asks before it touches a value."""

    def standing(self, workspace_id: WorkspaceId) -> Standing:
        """The snapshot in force, from memory.

        Raises:
            Locked: While the vault is locked.
        """
        ...

    async def binding(self, place: Place, key: KeyName) -> Binding | None:
        """The binding of a key in its project, or None."""
        ...

    async def pin(self, place: Place, binding: Binding) -> Binding:
        """Fixes the binding of a key that has none; answers the one in force, which may be another's."""
        ...


class Opener(Protocol):
    """The one way from a key name to a value."""

    async def open(self, place: Place, key: KeyName) -> Value:
        """Opens the newest version of one secret.

        Raises:
            SecretNotFound: When there is none.
            Locked: While the vault is locked.
            RecordCorrupt: When it does not open.
        """
        ...


Body = bytes | AsyncIterator[bytes] | None
"""A request body: whole, streamed, or none."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """A request built from parsed parts, ready for the wire. Holds values: it is never logged and its repr is empty.

    Attributes:
        target: Scheme, host and port to connect to.
        allowed: The allowlist entry, for private ranges, extra CA and plain http.
        method: Upper-case token.
        request_target: Path and query as bytes.
        fields: All header fields but ``Host``, ``Content-Length`` and ``Transfer-Encoding``, which the transport writes.
        body: The body.
        length: Bytes in a streamed body when known; None means chunked.
    """

    target: Target
    allowed: AllowedHost
    method: str
    request_target: bytes
    fields: tuple[Field, ...]
    body: Body = None
    length: int | None = None

    def __repr__(self) -> str:
        return "<Outbound>"


class UpstreamAnswer(Protocol):
    """The head of an upstream's answer and a way to its body."""

    status: int
    reason: bytes
    fields: tuple[Field, ...]
    trailers: tuple[Field, ...]
    """Trailer fields; complete once the body has ended."""

    def body(self) -> AsyncIterator[bytes]:
        """The body's bytes as they arrive, transfer coding removed, with backpressure.

        Raises:
            UpstreamUnreachable: When the connection breaks before the framing says that the body is complete.
            UpstreamTimeout: When nothing arrives for too long.
            UpstreamProtocol: When the framing is broken.
        """
        ...

    async def close(self) -> None:
        """Gives the connection back if the body was read to its end, else drops it. Safe to call twice."""
        ...


class Upstream(Protocol):
    """The world behind the proxy."""

    async def send(self, outbound: Outbound) -> UpstreamAnswer:
        """Sends one request and returns once the final answer's head is in (1xx are skipped).

        Raises:
            UpstreamUnreachable, UpstreamCertificate, UpstreamTimeout, UpstreamProtocol, AddressBlocked
        """
        ...
