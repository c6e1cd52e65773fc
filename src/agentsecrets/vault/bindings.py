"""Bindings of an unlocked workspace: pinned by this device at first use, or set by a person."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

import msgspec

from agentsecrets.crypto.envelope import Envelope, hash_of
from agentsecrets.crypto.framing import frame
from agentsecrets.crypto.sealing import seal, unseal
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.crypto.verify import verify_by_either
from agentsecrets.crypto.workspace import WorkspaceKeys
from agentsecrets.errors import HeadMoved, SignatureInvalid
from agentsecrets.model.binding import Binding
from agentsecrets.model.call import StyleName
from agentsecrets.model.place import DEFAULT_ENVIRONMENT, Place, ProjectId, WorkspaceId
from agentsecrets.model.secret import KeyName
from agentsecrets.model.statement import BindingStatement, Identity, as_json, read_json
from agentsecrets.ports import Clock, StateStore, Worker
from agentsecrets.vault.unbroken import unbroken
from agentsecrets.vault.workspace import Workspace


class _Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sealed part of a binding: a member that is not known here could narrow it, so it is refused."""

    key: KeyName
    hosts: tuple[str, ...]
    style: StyleName
    slot: str
    methods: tuple[str, ...]
    paths: tuple[str, ...]
    origin: Literal["pinned", "person"]

    def binding(self) -> Binding:
        return Binding(self.key, self.hosts, self.style, self.slot, self.methods, self.paths, self.origin)


def write_binding(  # noqa: PLR0913  (a signed binding has this many independent parts)
    keys: WorkspaceKeys, place: Place, binding: Binding, *, previous: bytes | None, author: str, signer: SigningKey, now_ms: int
) -> Envelope:
    """Makes a binding, sealed and signed.

    Args:
        keys: Keys of the workspace.
        place: Where the key lives; a binding holds for all environments of its project.
        binding: What to write.
        previous: The encoded binding that it replaces.
        author: Account id of the signer.
        signer: The person's key, or this device's for a pin.
        now_ms: The time to write into it.
    """
    binding_id = keys.binding_id(place.project_id, binding.key)
    box = seal(keys.binding_key(place.project_id), as_json(binding), _associated(place, binding_id))
    statement = BindingStatement(
        workspace_id=place.workspace_id,
        project_id=place.project_id,
        binding_id=binding_id,
        prev="" if previous is None else Envelope.decode(previous).digest,
        author=author,
        epoch=1,
        time_ms=now_ms,
        sealed_hash=hash_of(box),
    )
    return signer.sign(statement, box)


def read_binding(keys: WorkspaceKeys, identity: Identity, envelope: Envelope) -> tuple[BindingStatement, Binding]:
    """Checks and opens a binding.

    Raises:
        SignatureInvalid: When signature, author or origin does not hold: a device signs pins only.
        RecordCorrupt, FormatUnknown: When the sealed part does not open.
    """
    statement = verify_by_either(envelope, identity, BindingStatement)
    place = Place(WorkspaceId(statement.workspace_id), ProjectId(statement.project_id), DEFAULT_ENVIRONMENT)
    plain = unseal(keys.binding_key(place.project_id), envelope.sealed, _associated(place, statement.binding_id))
    binding = read_json(plain, _Told, "binding").binding()
    if (
        (binding.origin == "pinned") != bool(envelope.certificate)
        or statement.author != identity.account_id
        or statement.binding_id != keys.binding_id(place.project_id, binding.key)
        or not binding.hosts
    ):
        raise SignatureInvalid
    return statement, binding


class Bindings:
    """The bindings in force; read once, then kept in memory while unlocked."""

    def __init__(self, workspace: Workspace, store: StateStore, worker: Worker, clock: Clock) -> None:
        self._workspace, self._store, self._worker, self._clock = workspace, store, worker, clock
        self._known: dict[tuple[ProjectId, KeyName], tuple[Binding | None, bytes | None]] = {}
        self._changing = asyncio.Lock()

    def known(self, place: Place, key: KeyName) -> Binding | None:
        """The binding of a key in its project, if there is one and it was read before."""
        known = self._known.get((place.project_id, key))
        return None if known is None else known[0]

    async def find(self, place: Place, key: KeyName) -> Binding | None:
        """The binding of a key in its project, or None.

        Raises:
            SignatureInvalid, RecordCorrupt, FormatUnknown: When what is stored does not hold: the key is then not used at all.
        """
        known = self._known.get((place.project_id, key))
        if known is None:
            known = await self._worker.run(lambda: self._read(place, key))
            known = self._known.setdefault((place.project_id, key), known)
        return known[0]

    async def find_each(self, place: Place, keys: Sequence[KeyName]) -> list[Binding | None]:
        """The bindings of many keys of one project, in one look at the store.

        Raises:
            SignatureInvalid, RecordCorrupt, FormatUnknown
        """
        unknown = [key for key in keys if (place.project_id, key) not in self._known]
        read = await self._worker.run(lambda: [self._read(place, key) for key in unknown])
        for key, known in zip(unknown, read, strict=True):
            self._known.setdefault((place.project_id, key), known)
        return [self._known[place.project_id, key][0] for key in keys]

    async def pin(self, place: Place, binding: Binding) -> Binding:
        """Fixes the binding of a key that has none; answers the one in force, which may be another's."""
        return await unbroken(self._pinned(place, binding))

    async def _pinned(self, place: Place, binding: Binding) -> Binding:
        async with self._changing:
            found = await self.find(place, binding.key)
            if found is not None:
                return found
            keys, account = self._workspace.keys, self._workspace.account
            device, now_ms = self._workspace.unattended.device, self._clock.now_ms()
            envelope = write_binding(keys, place, binding, previous=None, author=account.account_id, signer=device, now_ms=now_ms)
            await self._put(place, binding, None, envelope)
            return binding

    async def accept(self, envelope: Envelope) -> Binding:
        """Checks a binding that a person signed, stores it, and lets it take effect.

        Raises:
            SignatureInvalid: When no person signed it.
            HeadMoved: When it does not replace the binding in force, as an old one played back would not.
        """
        if envelope.certificate:
            raise SignatureInvalid
        statement, binding = read_binding(self._workspace.keys, self._workspace.identity, envelope)
        if statement.workspace_id != self._workspace.id or statement.project_id not in dict(self._workspace.state.projects):
            raise SignatureInvalid
        await unbroken(self._replaced(statement, binding, envelope))
        return binding

    async def _replaced(self, statement: BindingStatement, binding: Binding, envelope: Envelope) -> None:
        place = Place(self._workspace.id, ProjectId(statement.project_id), DEFAULT_ENVIRONMENT)
        async with self._changing:
            await self.find(place, binding.key)
            _, previous = self._known[place.project_id, binding.key]
            if statement.prev != ("" if previous is None else Envelope.decode(previous).digest):
                raise HeadMoved
            await self._put(place, binding, previous, envelope)

    async def _put(self, place: Place, binding: Binding, previous: bytes | None, envelope: Envelope) -> None:
        binding_id = self._workspace.keys.binding_id(place.project_id, binding.key)
        encoded = envelope.encode()
        await self._worker.run(lambda: self._store.put_binding(place, binding_id, previous, encoded))
        self._known[place.project_id, binding.key] = binding, encoded

    def _read(self, place: Place, key: KeyName) -> tuple[Binding | None, bytes | None]:
        encoded = self._store.binding(place, self._workspace.keys.binding_id(place.project_id, key))
        if encoded is None:
            return None, None
        statement, binding = read_binding(self._workspace.keys, self._workspace.identity, Envelope.decode(encoded))
        if binding.key != key or (statement.workspace_id, statement.project_id) != (place.workspace_id, place.project_id):
            raise SignatureInvalid
        return binding, encoded


def _associated(place: Place, binding_id: str) -> bytes:
    return frame(b"binding", place.workspace_id.encode(), place.project_id.encode(), binding_id.encode())
