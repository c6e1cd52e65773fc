"""Secrets of an unlocked workspace: what can be done with them, one change at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, TypeVar

from agentsecrets.crypto.value import Value
from agentsecrets.errors import AgentSecretsError, SecretNotFound, SecretsExist
from agentsecrets.model.place import Place
from agentsecrets.model.secret import KeyName, some_of
from agentsecrets.ports import Clock, StateStore, Worker
from agentsecrets.vault.shelf import Draft, SecretLine, Shelf
from agentsecrets.vault.unbroken import unbroken
from agentsecrets.vault.workspace import Workspace

CACHE_SECONDS = 60.0

Existing = Literal["refuse", "overwrite", "skip"]
"""What becomes of a secret that has a value already, when many are stored at once."""

T = TypeVar("T")


class Secrets:
    """``ports.Opener``, and the verbs that change a vault."""

    def __init__(self, workspace: Workspace, store: StateStore, worker: Worker, clock: Clock) -> None:
        self._shelf, self._worker, self._clock = Shelf(workspace, store, clock), worker, clock
        self._changing = asyncio.Lock()
        self._open: dict[tuple[Place, KeyName], tuple[Value, float]] = {}
        self._lines: dict[Place, list[SecretLine]] = {}

    def held(self, place: Place, key: KeyName) -> Value | None:
        """The newest version of a secret, if it was opened within the last minute and nothing has changed since."""
        held = self._open.get((place, key))
        return held[0] if held is not None and self._clock.monotonic() < held[1] else None

    async def open(self, place: Place, key: KeyName) -> Value:
        """Opens the newest version of a secret; kept in memory for a minute.

        Raises:
            SecretNotFound: When there is none.
            RecordCorrupt: When it does not open.
            StoreOlder: When this daemon has seen a newer version.
        """
        held = self.held(place, key)
        if held is not None:
            return held
        try:
            value = await self._worker.run(lambda: self._shelf.read(place, key))
        except SecretNotFound:
            raise await self.missing(place, key) from None
        self._open[place, key] = value, self._clock.monotonic() + CACHE_SECONDS
        return value

    async def open_all(self, place: Place, keys: Sequence[KeyName]) -> list[Value]:
        """Opens the newest versions of many secrets at once, in the order of their names; none is kept in memory.

        Raises:
            SecretNotFound: When one of them does not exist.
            RecordCorrupt: When one does not open.
            StoreOlder: When this daemon has seen a newer version of one.
        """
        return await self._worker.run(lambda: self._shelf.read_all(place, keys))

    async def set(self, places: Sequence[Place], key: KeyName, value: Value, note: str = "") -> list[int]:
        """Stores a value as the next version in one or more vaults, all of them or none.

        Returns:
            The number of the version in each, once they are on disk.
        """
        return await self._change(places, lambda: self._shelf.write([Draft(place, key, value, note) for place in places]))

    async def delete(self, place: Place, key: KeyName) -> None:
        """Marks a secret as deleted; it can be restored for 30 days.

        Raises:
            SecretNotFound: When there is none.
        """
        if not await self._change([place], lambda: self._shelf.delete(place, [key])):
            raise await self.missing(place, key)

    async def restore(self, place: Place, key: KeyName) -> int:
        """Takes back the deletion of a secret; answers the version that counts again.

        Raises:
            SecretNotFound: When it was not deleted, or too long ago.
        """
        try:
            return await self._change([place], lambda: self._shelf.restore(place, key))
        except SecretNotFound as missing:
            raise missing.guess(key, [line.key for line in await self.deleted(place)]) from None

    async def rollback(self, place: Place, key: KeyName, version: int) -> int:
        """Makes an old version the newest again, as a version of its own; answers the number of that.

        Args:
            place: The vault.
            key: The secret.
            version: Which one; 0 for the one before the newest.

        Raises:
            SecretNotFound: When it is not kept any more.
        """

        def deed() -> int:
            wanted = version or _before_newest(self._shelf.history(place, key))
            value = self._shelf.read_version(place, key, wanted)
            return self._shelf.write([Draft(place, key, value, f"version {wanted} again")])[0]

        try:
            return await self._change([place], deed)
        except SecretNotFound:
            raise await self.missing(place, key) from None

    async def history(self, place: Place, key: KeyName) -> list[SecretLine]:
        """The versions that are kept, newest first.

        Raises:
            SecretNotFound
        """
        try:
            return await self._worker.run(lambda: self._shelf.history(place, key))
        except SecretNotFound:
            raise await self.missing(place, key) from None

    async def lines(self, place: Place) -> list[SecretLine]:
        """Names, versions and times, sorted by name. Opens heads only, and keeps what it found until something changes."""
        found = self._lines.get(place)
        if found is None:
            async with self._changing:
                found = self._lines[place] = await self._worker.run(lambda: self._shelf.lines(place))
        return found

    async def missing(self, place: Place, key: KeyName) -> SecretNotFound:
        """The refusal of a name that a vault does not hold, with the nearest that it does."""
        missing = SecretNotFound(key=key)
        try:
            names = [line.key for line in await self.lines(place)]
        except AgentSecretsError:  # what is the matter with another secret is no answer here
            return missing
        return await self._worker.run(lambda: missing.guess(key, names))

    async def deleted(self, place: Place) -> list[SecretLine]:
        """What can be restored, sorted by name."""
        return await self._worker.run(lambda: self._shelf.deleted(place))

    async def copy(self, source: Place, target: Place, *, overwrite: bool) -> tuple[list[KeyName], list[KeyName]]:
        """Copies all secrets of one vault into another, all of them or none.

        Args:
            source: Where they are.
            target: Where they go, under keys of its own.
            overwrite: Whether one that is there already gets a new version; else it is left alone.

        Returns:
            The names that were copied, and those that were left alone.
        """

        def deed() -> tuple[list[KeyName], list[KeyName]]:
            there = set() if overwrite else {line.key for line in self._shelf.lines(target)}
            names = [line.key for line in self._shelf.lines(source)]
            copied = [name for name in names if name not in there]
            note = f"copied from {source.environment}"
            self._shelf.write([Draft(target, name, self._shelf.read(source, name), note) for name in copied])
            return copied, [name for name in names if name in there]

        return await self._change([target], deed)

    async def put_all(
        self, place: Place, values: Mapping[KeyName, Value], existing: Existing, note: str
    ) -> tuple[frozenset[KeyName], frozenset[KeyName]]:
        """Stores many values in one vault, all of them or none.

        Args:
            place: The vault.
            values: Name → value.
            existing: What becomes of those that have a value there already.
            note: A word about these versions.

        Returns:
            The names that were stored, and those among all given that were there before.

        Raises:
            SecretsExist: When some were there before and ``existing`` is ``refuse``.
        """

        def deed() -> tuple[frozenset[KeyName], frozenset[KeyName]]:
            there = frozenset(line.key for line in self._shelf.lines(place)) & values.keys()
            if there and existing == "refuse":
                raise SecretsExist(environment=place.environment, keys=some_of(sorted(there)))
            wanted = [name for name in values if existing == "overwrite" or name not in there]
            self._shelf.write([Draft(place, name, values[name], note) for name in wanted])
            return frozenset(wanted), there

        return await self._change([place], deed)

    async def clean(self, place: Place) -> list[KeyName]:
        """Marks all secrets of a vault as deleted; answers their names."""
        return await self._change([place], lambda: self._shelf.delete(place, [line.key for line in self._shelf.lines(place)]))

    async def purge(self) -> int:
        """Drops what was deleted more than 30 days ago; answers how many versions that were."""
        return await self._worker.run(self._shelf.purge)

    def sweep(self) -> None:
        """Drops the opened values whose minute is over."""
        now = self._clock.monotonic()
        self._open = {known: held for known, held in self._open.items() if now < held[1]}

    async def _change(self, places: Iterable[Place], deed: Callable[[], T]) -> T:
        """Runs a deed that changes vaults: one at a time, to its end, and nothing that was remembered of these vaults outlives it."""

        async def changing() -> T:
            async with self._changing:
                try:
                    return await self._worker.run(deed)
                finally:
                    self._changed(frozenset(places))

        return await unbroken(changing())

    def _changed(self, places: frozenset[Place]) -> None:
        for place in places:
            self._lines.pop(place, None)
        for known in [known for known in self._open if known[0] in places]:
            del self._open[known]


def _before_newest(history: list[SecretLine]) -> int:
    there = [line.version for line in history if not line.deleted_ms]
    if len(there) < 2:  # noqa: PLR2004  (the newest, and one before it)
        raise SecretNotFound(key=history[0].key)
    return there[1]
