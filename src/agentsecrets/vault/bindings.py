"""Bindings of an unlocked workspace: pinned or narrowed by this device, or set by a person."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.errors import HeadMoved, SignatureInvalid
from agentsecrets.model.binding import Binding
from agentsecrets.model.place import DEFAULT_ENVIRONMENT, Place, ProjectId
from agentsecrets.model.secret import KeyName
from agentsecrets.ports import Clock, StateStore, Worker
from agentsecrets.vault.signed_bindings import SignedBinding, read_binding, write_binding
from agentsecrets.vault.unbroken import unbroken
from agentsecrets.vault.workspace import Workspace

_Known = tuple[Binding | None, bytes | None]
"""The binding in force, and the encoded one that the next has to name: a person's word that there is none is encoded too."""


class Bindings:
    """The bindings in force; read once, then kept in memory while unlocked."""

    def __init__(self, workspace: Workspace, store: StateStore, worker: Worker, clock: Clock) -> None:
        self._workspace, self._store, self._worker, self._clock = workspace, store, worker, clock
        self._known: dict[tuple[ProjectId, KeyName], _Known] = {}
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

    async def bound(self, place: Place) -> list[SignedBinding]:
        """Every binding of a project that is in force, sorted by key name; also of keys that have no value.

        Raises:
            SignatureInvalid, RecordCorrupt, FormatUnknown
        """
        read = await self._worker.run(lambda: [self._opened(place, encoded) for encoded in self._store.bindings(place)])
        return sorted((signed for signed in read if signed.binding.origin != "open"), key=lambda signed: signed.binding.key)

    async def pin(self, place: Place, binding: Binding) -> Binding:
        """Fixes the binding of a key that has none; answers the one in force, which may be another's."""
        return await unbroken(self._pinned(place, binding))

    async def _pinned(self, place: Place, binding: Binding) -> Binding:
        async with self._changing:
            found, open_word = await self._in_force(place, binding.key)
            if found is not None:
                return found
            await self._sign(place, binding, open_word, base=open_word or b"")
            return binding

    async def narrow(self, place: Place, wanted: Binding) -> Binding | None:
        """Makes the binding of a key narrower, which needs nobody.

        Args:
            place: Where the key lives.
            wanted: What is to hold.

        Returns:
            The binding in force, or None when that would permit anything that is not permitted now: then nothing is changed.
        """
        return await unbroken(self._narrowed(place, replace(wanted, origin="narrowed")))

    async def _narrowed(self, place: Place, wanted: Binding) -> Binding | None:
        async with self._changing:
            found, previous = await self._in_force(place, wanted.key)
            if found is None or previous is None or not wanted.within(found):
                return None
            if found.within(wanted):
                return found
            await self._sign(place, wanted, previous, base=self._opened(place, previous).ground)
            return wanted

    async def accept(self, envelope: Envelope) -> Binding:
        """Checks a binding that a person signed, stores it, and lets it take effect.

        Raises:
            SignatureInvalid: When no person signed it.
            HeadMoved: When it does not replace the binding in force, as an old one played back would not.
        """
        if envelope.certificate:
            raise SignatureInvalid
        signed = read_binding(self._workspace.keys, self._workspace.identity, envelope)
        statement = signed.statement
        if statement.workspace_id != self._workspace.id or statement.project_id not in dict(self._workspace.state.projects):
            raise SignatureInvalid
        await unbroken(self._replaced(signed, envelope))
        return signed.binding

    async def _replaced(self, signed: SignedBinding, envelope: Envelope) -> None:
        statement, binding = signed.statement, signed.binding
        place = Place(self._workspace.id, ProjectId(statement.project_id), DEFAULT_ENVIRONMENT)
        async with self._changing:
            _, previous = await self._in_force(place, binding.key)
            if statement.prev != ("" if previous is None else Envelope.decode(previous).digest):
                raise HeadMoved
            await self._put(place, binding, previous, envelope)

    async def _in_force(self, place: Place, key: KeyName) -> _Known:
        await self.find(place, key)
        return self._known[place.project_id, key]

    async def _sign(self, place: Place, binding: Binding, previous: bytes | None, *, base: bytes) -> None:
        envelope = write_binding(
            self._workspace.keys,
            place,
            binding,
            previous=previous,
            author=self._workspace.account.account_id,
            signer=self._workspace.unattended.device,
            now_ms=self._clock.now_ms(),
            base=base,
        )
        await self._put(place, binding, previous, envelope)

    async def _put(self, place: Place, binding: Binding, previous: bytes | None, envelope: Envelope) -> None:
        binding_id = self._workspace.keys.binding_id(place.project_id, binding.key)
        encoded = envelope.encode()
        await self._worker.run(lambda: self._store.put_binding(place, binding_id, previous, encoded))
        self._known[place.project_id, binding.key] = _in_force(binding), encoded

    def _read(self, place: Place, key: KeyName) -> _Known:
        encoded = self._store.binding(place, self._workspace.keys.binding_id(place.project_id, key))
        if encoded is None:
            return None, None
        binding = self._opened(place, encoded).binding
        if binding.key != key:
            raise SignatureInvalid
        return _in_force(binding), encoded

    def _opened(self, place: Place, encoded: bytes) -> SignedBinding:
        signed = read_binding(self._workspace.keys, self._workspace.identity, Envelope.decode(encoded))
        if (signed.statement.workspace_id, signed.statement.project_id) != (place.workspace_id, place.project_id):
            raise SignatureInvalid
        return signed


def _in_force(binding: Binding) -> Binding | None:
    return None if binding.origin == "open" else binding
