"""What stands between the daemon's faces and an open vault: ``ports.Authority`` and ``ports.Opener`` that know when it is locked."""

from __future__ import annotations

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.keys import SealedAccount, UnattendedKeys
from agentsecrets.crypto.value import Value
from agentsecrets.errors import Locked
from agentsecrets.model.binding import Binding
from agentsecrets.model.place import Place, WorkspaceId
from agentsecrets.model.secret import KeyName
from agentsecrets.ports import Clock, Standing, StateStore, Worker
from agentsecrets.vault.bindings import Bindings
from agentsecrets.vault.remembered import RememberedCommands
from agentsecrets.vault.secrets import Secrets
from agentsecrets.vault.workspace import Workspace


class OpenVault:
    """The verbs of an unlocked account."""

    def __init__(self, account: SealedAccount, keys: UnattendedKeys, store: StateStore, worker: Worker, clock: Clock) -> None:
        self.workspace = Workspace(account, keys, [Envelope.decode(entry) for entry in store.ledger()])
        self.secrets = Secrets(self.workspace, store, worker, clock)
        self.bindings = Bindings(self.workspace, store, worker, clock)
        self.remembered = RememberedCommands(self.workspace, store, worker)


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
        """The verbs.

        Raises:
            Locked
        """
        if self._opened is None:
            raise Locked
        return self._opened

    def standing(self, workspace_id: WorkspaceId) -> Standing:
        """What the workspace allows now."""
        workspace = self.opened.workspace
        if workspace_id != workspace.id:
            raise Locked
        return workspace.standing()

    async def binding(self, place: Place, key: KeyName) -> Binding | None:
        """The binding of a key in its project, or None."""
        return await self.opened.bindings.find(place, key)

    async def pin(self, place: Place, binding: Binding) -> Binding:
        """Fixes the binding of a key that has none."""
        return await self.opened.bindings.pin(place, binding)

    async def open(self, place: Place, key: KeyName) -> Value:
        """Opens the newest version of one secret."""
        return await self.opened.secrets.open(place, key)
