"""What stands between the daemon's faces and an open vault: ``ports.Authority`` and ``ports.Opener`` that know when it is locked."""

from __future__ import annotations

import asyncio
from typing import NoReturn

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.keys import SealedAccount, UnattendedKeys
from agentsecrets.crypto.value import Value
from agentsecrets.errors import Locked, WorkspaceNotFound
from agentsecrets.model.binding import Binding
from agentsecrets.model.place import Place, WorkspaceId
from agentsecrets.model.secret import KeyName
from agentsecrets.ports import Clock, Standing, StateStore, Worker
from agentsecrets.proxy.catalogue import prepare
from agentsecrets.team.workspaces import check_new_workspace
from agentsecrets.vault.bindings import Bindings
from agentsecrets.vault.remembered import RememberedCommands
from agentsecrets.vault.secrets import Secrets
from agentsecrets.vault.unbroken import unbroken
from agentsecrets.vault.workspace import Workspace


class OpenWorkspace:
    """The verbs of one workspace of an unlocked account."""

    def __init__(self, workspace: Workspace, store: StateStore, worker: Worker, clock: Clock) -> None:
        self.workspace = workspace
        self.secrets = Secrets(workspace, store, worker, clock)
        self.bindings = Bindings(workspace, store, worker, clock)
        self.remembered = RememberedCommands(workspace, store, worker)


class _Open(dict[str, OpenWorkspace]):
    """By id. One that is not there is refused."""

    def __missing__(self, workspace_id: str) -> NoReturn:
        raise WorkspaceNotFound(workspace=workspace_id)


class OpenVault:
    """An unlocked account with all its workspaces.

    Args:
        account: The account.
        keys: What this machine may use unattended.
        store: Where the ledgers lie.
        worker: Runs what blocks.
        clock: Time.

    Raises:
        LedgerCorrupt, SignatureInvalid: When one of the ledgers does not hold.
    """

    def __init__(self, account: SealedAccount, keys: UnattendedKeys, store: StateStore, worker: Worker, clock: Clock) -> None:
        self.account, self.unattended = account, keys
        self.identity = account.verified_identity()
        self._store, self._worker, self._clock = store, worker, clock
        self.by_id = _Open()
        """The verbs of each; one that is not there raises WorkspaceNotFound."""
        self.workspaces: tuple[Workspace, ...] = ()
        """All of them, the personal one first."""
        self._founding = asyncio.Lock()
        self._pins_prepared = False
        for workspace_id in store.workspaces():
            self._add(self._read(workspace_id, [Envelope.decode(entry) for entry in store.ledger(workspace_id)]))

    async def found(self, workspace_id: WorkspaceId, first: Envelope) -> Workspace:
        """Adds a workspace whose first entry this account has just signed.

        Raises:
            LedgerCorrupt, SignatureInvalid: When the entry does not hold.
            WorkspaceExists: When there is one of this name.
            HeadMoved: When there is one of this id.
        """

        async def deed() -> Workspace:
            workspace = self._read(workspace_id, [first])
            check_new_workspace(self.workspaces, workspace.state.name)
            await self._worker.run(lambda: self._store.append_entry(workspace_id, 0, first.encode()))
            return self._add(workspace)

        async with self._founding:
            return await unbroken(deed())

    async def prepare_pin(self) -> None:
        """Reads what a key without a binding is judged by, which takes too long for the event loop."""
        if not self._pins_prepared:
            await self._worker.run(prepare)
            self._pins_prepared = True

    def of(self, workspace_id: str) -> OpenWorkspace:
        """The verbs of one workspace.

        Raises:
            WorkspaceNotFound
        """
        return self.by_id[workspace_id]

    def _read(self, workspace_id: WorkspaceId, ledger: list[Envelope]) -> Workspace:
        return Workspace(self.account, self.unattended, ledger, workspace_id)

    def _add(self, workspace: Workspace) -> Workspace:
        self.by_id[workspace.id] = OpenWorkspace(workspace, self._store, self._worker, self._clock)
        self.workspaces = (*self.workspaces, workspace)
        return workspace


class Vault:
    """Open or locked; everything that needs it open raises Locked while it is not."""

    def __init__(self, opened: OpenVault | None) -> None:
        self._opened = opened

    @property
    def locked(self) -> bool:
        """Whether there are no keys in this process."""
        return self._opened is None

    @property
    def opened(self) -> OpenVault:
        """The account with its workspaces.

        Raises:
            Locked
        """
        if self._opened is None:
            raise Locked
        return self._opened

    def of(self, workspace_id: WorkspaceId) -> OpenWorkspace:
        """The verbs of one workspace.

        Raises:
            WorkspaceNotFound, Locked
        """
        opened = self._opened
        if opened is None:
            raise Locked
        return opened.by_id[workspace_id]

    def sweep(self) -> None:
        """Drops opened values that are not held any longer."""
        if self._opened is not None:
            for opened in self._opened.by_id.values():
                opened.secrets.sweep()

    def standing(self, workspace_id: WorkspaceId) -> Standing:
        """What the workspace allows now."""
        return self.of(workspace_id).workspace.standing()

    def bound(self, place: Place, key: KeyName) -> Binding | None:
        """The binding of a key in its project, if there is one and it is in memory."""
        return self.of(place.workspace_id).bindings.known(place, key)

    async def binding(self, place: Place, key: KeyName) -> Binding | None:
        """The binding of a key in its project, or None."""
        opened = self.opened
        found = await opened.of(place.workspace_id).bindings.find(place, key)
        if found is None:
            await opened.prepare_pin()
        return found

    async def pin(self, place: Place, binding: Binding) -> Binding:
        """Fixes the binding of a key that has none."""
        return await self.of(place.workspace_id).bindings.pin(place, binding)

    def held(self, place: Place, key: KeyName) -> Value | None:
        """The newest version of one secret, if it was opened a short while ago."""
        return self.of(place.workspace_id).secrets.held(place, key)

    async def open(self, place: Place, key: KeyName) -> Value:
        """Opens the newest version of one secret."""
        return await self.of(place.workspace_id).secrets.open(place, key)
