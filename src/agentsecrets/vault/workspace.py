"""An unlocked workspace: its keys, its ledger, and what the ledger says now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.keys import SealedAccount, UnattendedKeys
from agentsecrets.crypto.verify import verify_by_either
from agentsecrets.crypto.workspace import WorkspaceKeys
from agentsecrets.errors import HeadMoved, LedgerCorrupt, StoreOlder
from agentsecrets.ledger.chain import extend, replay, write_entry
from agentsecrets.ledger.state import LedgerState
from agentsecrets.model.place import WorkspaceId
from agentsecrets.model.statement import Entry, Identity, read_payload
from agentsecrets.ports import Clock, Standing, StateStore, Worker
from agentsecrets.vault.unbroken import unbroken

Sealed = Callable[[LedgerState], object]
"""What to seal into an entry that follows a state; it raises when there is nothing to write any more."""


def workspace_keys(first: Envelope, account_id: str, keys: UnattendedKeys) -> WorkspaceKeys:
    """Opens the grant that the first entry of a ledger holds for an account.

    Raises:
        LedgerCorrupt: When there is none.
    """
    grant = read_payload(first.payload, Entry).grants.get(account_id)
    if grant is None:
        raise LedgerCorrupt(seq=0, problem="it grants this account nothing")
    return WorkspaceKeys.from_grant(grant, keys.sealing)


class Workspace:
    """One workspace of this account while it is unlocked."""

    def __init__(self, account: SealedAccount, keys: UnattendedKeys, ledger: list[Envelope], workspace_id: WorkspaceId) -> None:
        self.account = account
        self.identity: Identity = account.verified_identity()
        self.unattended = keys
        if not ledger:
            raise LedgerCorrupt(seq=0, problem="it is empty")
        self.keys = workspace_keys(ledger[0], account.account_id, keys)
        self.state: LedgerState = replay(ledger, self.identity, self.keys.ledger_key)
        self.id = workspace_id
        if self.state.public.workspace_id != workspace_id:
            raise LedgerCorrupt(seq=0, problem="it belongs to another workspace")
        self._changing = asyncio.Lock()
        self._standing = self._read()

    def standing(self) -> Standing:
        """What the workspace allows now, from memory."""
        return self._standing

    async def accept(self, store: StateStore, worker: Worker, envelope: Envelope) -> LedgerState:
        """Checks an entry that a person or this device signed, stores it, and lets it take effect.

        Raises:
            SignatureInvalid, RefusedEntry, StateUnwritable: Nothing was changed then.
            HeadMoved: When it was written to follow another entry than the last.
            StoreOlder: When the ledger on disk is not the one in memory.
        """
        return await unbroken(self._accepted(store, worker, lambda: envelope))

    async def write(self, store: StateStore, worker: Worker, clock: Clock, entry: str, subject: str, sealed: Sealed) -> LedgerState:
        """Writes an entry that this device may sign unattended; of several at once each follows the one before.

        Raises:
            AgentSecretsError: Whatever ``sealed`` refuses; else what ``accept`` raises.
        """
        return await unbroken(self._accepted(store, worker, lambda: self._written(clock, entry, subject, sealed(self.state))))

    async def _accepted(self, store: StateStore, worker: Worker, made: Callable[[], Envelope]) -> LedgerState:
        async with self._changing:
            envelope, public = made(), self.state.public
            entry = verify_by_either(envelope, self.identity, Entry)
            if (entry.seq, entry.prev) != (public.seq, public.head):
                raise HeadMoved
            after = extend(self.state, envelope, self.identity, self.keys.ledger_key)
            await worker.run(partial(self._append, store, envelope))
            self.state = after
            self._standing = self._read()
            return after

    def _written(self, clock: Clock, entry: str, subject: str, sealed: object) -> Envelope:
        return write_entry(
            self.state.public,
            entry,
            workspace_id=self.id,
            author=self.account.account_id,
            subjects=(subject,),
            sealed=sealed,
            ledger_key=self.keys.ledger_key,
            signer=self.unattended.device,
            now_ms=clock.now_ms(),
        )

    def _append(self, store: StateStore, envelope: Envelope) -> None:
        seq = self.state.public.seq
        last = store.ledger(self.id, seq - 1)
        if len(last) != 1 or Envelope.decode(last[0]).digest != self.state.public.head:
            raise StoreOlder
        store.append_entry(self.id, seq, envelope.encode())

    def _read(self) -> Standing:
        return Standing(self.state.allowlist, self.state.public.role(self.account.account_id))
