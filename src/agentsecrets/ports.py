"""Every seam on one page: what the verbs need of the world, as protocols."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

if TYPE_CHECKING:
    from agentsecrets.crypto.keys import SealedAccount
    from agentsecrets.crypto.records import SealedRecord
    from agentsecrets.crypto.value import Value
    from agentsecrets.model.allowlist import AllowedHost, Allowlist
    from agentsecrets.model.binding import Binding
    from agentsecrets.model.call import Field, Joined
    from agentsecrets.model.event import Event
    from agentsecrets.model.place import Place, WorkspaceId
    from agentsecrets.model.secret import KeyName
    from agentsecrets.model.target import Target


T = TypeVar("T")


class Clock(Protocol):
    """Time, for code that must be testable."""

    def now_ms(self) -> int:
        """Unix time in milliseconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...


class AuditSink(Protocol):
    """Where events go."""

    def record(self, event: Event) -> asyncio.Future[None]:
        """Commits one event: taken at once, done when it is committed.

        Raises:
            StateUnwritable: When it could not be committed. No log, no call.
        """
        ...

    def note(self, event: Event) -> None:
        """Commits an outcome that nobody waits for, a few milliseconds later at most; one that the disk refuses stays owed."""
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

    def bound(self, place: Place, key: KeyName) -> Binding | None:
        """The binding of a key in its project, if there is one and it is in memory.

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

    def held(self, place: Place, key: KeyName) -> Value | None:
        """The newest version of one secret, if it was opened a short while ago.

        Raises:
            Locked: While the vault is locked.
        """
        ...

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

Sink = Callable[[bytes], bool]
"""Takes bytes, never waits, and says whether it takes more now."""


class Outbound(msgspec.Struct, frozen=True):
    """A request built from parsed parts, ready for the wire. Holds values: it is never logged and its repr is empty.

    Attributes:
        target: Scheme, host and port to connect to.
        allowed: The allowlist entry, for private ranges, extra CA and plain http.
        method: Upper-case token.
        request_target: Path and query as bytes.
        section: All header lines, ``Host`` first (RFC 9110 §7.2), but for the framing, which the transport writes.
        body: The body.
        length: Bytes in a streamed body when known; None means chunked.
    """

    target: Target
    allowed: AllowedHost
    method: str
    request_target: bytes
    section: bytes
    body: Body = None
    length: int | None = None

    def __repr__(self) -> str:
        return "<Outbound>"


class UpstreamAnswer(Protocol):
    """The head of an upstream's answer and a way to its body."""

    status: int
    reason: bytes
    fields: tuple[Field, ...]
    index: Joined

    @property
    def at_hand(self) -> bytes | None:
        """The whole body where it came with the head: nothing is left to be read or closed then. None where it is still to come."""
        ...

    @property
    def trailers(self) -> tuple[Field, ...]:
        """Trailer fields; complete once the body has ended."""
        ...

    async def pour(self, sink: Sink) -> bool:
        """Hands the body's bytes to a sink as they arrive, transfer coding removed, until it takes no more or the body ends.

        Args:
            sink: It is called from the read that brings the bytes. What it raises comes out here, and the body is not read on.

        Returns:
            Whether the body has ended; else it is to be called again once the sink takes more. The sender waits meanwhile.

        Raises:
            UpstreamUnreachable: When the connection breaks before the framing says that the body is complete.
            UpstreamTimeout: When nothing arrives for too long.
            UpstreamProtocol: When the framing is broken.
        """
        ...

    async def whole(self) -> bytes:
        """The whole body at once, of a length that is known to be small. Raises as ``pour``."""
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
            BadHeader: When a line of the head would be two; nothing is sent then.
        """
        ...


class Worker(Protocol):
    """A thread of its own: what blocks runs there, one deed after the other."""

    def post(self, deed: Callable[[], T], done: Callable[[T | None, BaseException | None], None]) -> None:
        """Hands a deed in; ``done`` is called on the loop with what it answered or raised."""
        ...

    async def run(self, deed: Callable[[], T]) -> T:
        """Runs a deed to its end, even when the caller is cancelled meanwhile."""
        ...


class Writer(Worker, Protocol):
    """A worker for deeds that are short as a rule: it may do one at once and call ``done`` before ``post`` returns."""

    def away(self) -> AbstractContextManager[None]:
        """Nothing is done at once meanwhile: deeds will not be short."""
        ...


class StateStore(Protocol):
    """The sealed state on disk. Blocking: called in a worker only. Each writing method is one transaction, committed on return.

    Every method may raise StateUnwritable, nothing was changed then, or StateDamaged.
    """

    def account(self) -> SealedAccount | None:
        """The account of this machine."""
        ...

    def workspaces(self) -> list[WorkspaceId]:
        """The workspaces that have a ledger here, in the order in which they came."""
        ...

    def ledger(self, workspace_id: WorkspaceId, start: int = 0) -> list[bytes]:
        """Encoded entries of a workspace from a number on, in order."""
        ...

    def append_entry(self, workspace_id: WorkspaceId, seq: int, envelope: bytes) -> None:
        """Adds an entry, 0 for a new workspace. Raises HeadMoved when that number is taken."""
        ...

    def name_key(self, place: Place) -> bytes | None:
        """The sealed name key of a vault."""
        ...

    def add_name_key(self, place: Place, sealed: bytes) -> bytes:
        """Stores a vault's name key unless it has one; answers the one stored."""
        ...

    def record(self, place: Place, record_id: str) -> SealedRecord | None:
        """The newest version of a secret that is not deleted."""
        ...

    def records(self, place: Place) -> list[SealedRecord]:
        """The newest version of each secret that is not deleted."""
        ...

    def newest_version(self, place: Place, record_id: str) -> int:
        """The highest version ever used, deleted ones included; 0 for none."""
        ...

    def versions(self, place: Place, record_id: str) -> list[tuple[SealedRecord, int]]:
        """The versions of a secret that are kept, newest first, each with the time of its deletion, 0 for none."""
        ...

    def put_records(self, records: Sequence[tuple[Place, SealedRecord]], keep: int) -> None:
        """Adds versions, all of them or none, and drops all but the newest ``keep`` of each secret.

        Raises:
            HeadMoved: When one of these versions is taken.
        """
        ...

    def delete_records(self, place: Place, record_ids: Sequence[str], now_ms: int) -> list[str]:
        """Marks all versions of secrets as deleted, all of them at once; answers those that were there."""
        ...

    def deleted_records(self, place: Place, since_ms: int) -> list[tuple[SealedRecord, int]]:
        """The newest version of each secret that was deleted since then and not set again, with the time of its deletion."""
        ...

    def restore_record(self, place: Place, record_id: str, since_ms: int) -> bool:
        """Takes back the deletion of a secret, of the versions that went in it; says whether there was one since then."""
        ...

    def purge_records(self, before_ms: int) -> int:
        """Drops versions that were deleted before then, but for the number of the newest of each secret; answers how many."""
        ...

    def binding(self, place: Place, binding_id: str) -> bytes | None:
        """The newest encoded binding of a key in a project."""
        ...

    def bindings(self, place: Place) -> list[bytes]:
        """The newest encoded binding of every key of a project that has one."""
        ...

    def put_binding(self, place: Place, binding_id: str, previous: bytes | None, envelope: bytes) -> None:
        """Replaces a binding. Raises HeadMoved unless ``previous`` is the one stored."""
        ...

    def folder(self, path: str) -> bytes | None:
        """The encoded word of trust in a folder's project file."""
        ...

    def put_folder(self, path: str, envelope: bytes) -> None:
        """Stores or replaces it."""
        ...

    def remembered(self) -> list[bytes]:
        """The encoded words for commands that may have values without being asked."""
        ...

    def put_remembered(self, remembered_id: str, envelope: bytes) -> None:
        """Stores or replaces one of them."""
        ...

    def drop_remembered(self, remembered_id: str) -> None:
        """Deletes one of them."""
        ...

    def choice(self, name: str) -> str:
        """A remembered choice such as the active project, empty when none was made."""
        ...

    def choose(self, choices: Iterable[tuple[str, str]]) -> None:
        """Remembers choices."""
        ...


class AccountStore(Protocol):
    """What of the sealed state a change of the account needs. Each writing method is one transaction, committed on return."""

    def account(self) -> SealedAccount | None:
        """The account of this machine."""
        ...

    def rewrite(self, before: SealedAccount, account: SealedAccount) -> None:
        """Replaces the account by the same one sealed otherwise. Raises HeadMoved when another program has sealed it anew meanwhile."""
        ...

    def items(self) -> list[str]:
        """Names of keychain items that may be there: noted before they were made, until they were removed."""
        ...

    def note_item(self, name: str) -> None:
        """Notes one."""
        ...

    def forget_item(self, name: str) -> None:
        """Takes the note back."""
        ...


class Keychain(Protocol):
    """The keychain of the operating system, for items of one key each. Blocking, and slow: at start and unlock only.

    Every method may raise KeychainMissing, KeychainLocked, KeychainSilent or KeychainRefused.
    """

    def check(self) -> str:
        """Its name, as its person knows it; raises unless it could be used now. It is not asked to open itself."""
        ...

    def read(self, item: str) -> bytes | None:
        """The key in an item, None when there is no such item. Raises FormatUnknown when it is none of ours."""
        ...

    def write(self, item: str, key: bytes) -> None:
        """Makes or replaces an item."""
        ...

    def delete(self, item: str) -> None:
        """Removes an item, if there is one."""
        ...


class LogRow(msgspec.Struct, frozen=True):
    """One row of the audit log: position, log id, phase, exact bytes, chain hash (32 bytes)."""

    index: int
    id: str
    phase: str
    payload: bytes
    hash: bytes


class AuditStore(Protocol):
    """The append-only log on disk. Blocking: called in a worker only, and what adds to it always in the same one."""

    def last(self) -> LogRow | None:
        """The newest row."""
        ...

    def append(self, rows: Sequence[LogRow]) -> None:
        """Adds rows in one transaction, without waiting for the disk. Raises StateUnwritable; nothing was added then."""
        ...

    def fold(self) -> None:
        """Brings what was appended to its final place, and waits for the disk."""
        ...

    def rows(self, start: int, count: int) -> list[LogRow]:
        """Up to ``count`` rows from an index on, in order."""
        ...

    def before(self, stop: int, count: int) -> list[LogRow]:
        """Up to ``count`` rows below an index, newest first."""
        ...

    def dangling(self) -> list[LogRow]:
        """Intents whose outcome was never written, in order."""
        ...

    def last_checkpoint(self) -> int:
        """Index of the row up to which the log is anchored, -1 for none."""
        ...

    def checkpoints(self) -> list[tuple[int, bytes]]:
        """All device-signed checkpoints: index and encoded envelope, in order."""
        ...

    def add_checkpoint(self, index: int, envelope: bytes, settled: int) -> None:
        """Adds a checkpoint, without waiting for the disk. The first word on an index stands: no later one replaces it.

        Args:
            index: The row that it signs.
            envelope: The device's word.
            settled: Every intent up to this index has its outcome.
        """
        ...
