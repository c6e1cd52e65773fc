"""Everything of a running daemon, put together."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field

from agentsecrets import __version__
from agentsecrets.audit.journal import Journal
from agentsecrets.crypto.boxes import SealingKey
from agentsecrets.crypto.keys import SealedAccount, UnattendedKeys
from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.session import SessionToken
from agentsecrets.daemon.unlocked import OpenVault, Vault
from agentsecrets.errors import NoAccount
from agentsecrets.network.address import Resolver
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.upstream import HttpUpstream
from agentsecrets.proxy.engine import Engine
from agentsecrets.storage.audit_db import AuditDb
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import StateDb
from agentsecrets.storage.worker import ThreadWorker

SWEEP_SECONDS = 10.0


@dataclass(slots=True)
class Daemon:
    """The parts of one daemon; control routes reach them here."""

    home: Home
    account: SealedAccount
    store: StateDb
    log: AuditDb
    worker: ThreadWorker
    log_worker: ThreadWorker
    clock: SystemClock
    vault: Vault
    journal: Journal
    engine: Engine
    upstream: HttpUpstream
    own_ports: set[int]
    limits: Limits
    session: SessionToken | None = None
    deposit: SealingKey = field(default_factory=SealingKey.generate)
    challenges: set[str] = field(default_factory=set)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def version(self) -> str:
        """Version of the running program."""
        return __version__

    @property
    def pid(self) -> int:
        """Process id."""
        return os.getpid()

    async def checkpoint(self, *, now: bool = False) -> None:
        """Signs the log's end, when unlocked and when it is time."""
        if not self.vault.locked:
            device = self.vault.opened.workspace.unattended.device
            await self.journal.checkpoint(device, self.account.account_id, now=now)

    async def sweep(self) -> None:
        """Does what has to be done every few seconds until the daemon stops."""
        while not self.stopping.is_set():
            try:
                async with asyncio.timeout(SWEEP_SECONDS):
                    await self.stopping.wait()
            except TimeoutError:
                self.upstream.sweep()
                await self.checkpoint()

    async def close(self) -> None:
        """Writes what is left to write and closes the stores."""
        await self.journal.settle()
        await self.checkpoint(now=True)
        self.upstream.close()
        self.worker.close()
        self.log_worker.close()
        self.store.close()
        self.log.close()


async def assemble(home: Home, packed_keys: bytes | None) -> Daemon:
    """Puts a daemon together, unlocked when it was handed keys.

    Raises:
        NoAccount: When there is nothing to serve yet.
        LedgerCorrupt, SignatureInvalid, StateUnwritable
    """
    store, log, clock = StateDb(home.state_db), AuditDb(home.audit_db), SystemClock()
    account = store.account()
    if account is None:
        raise NoAccount
    worker, log_worker = ThreadWorker("state"), ThreadWorker("log")
    opened = None
    if packed_keys is not None:
        opened = OpenVault(account, UnattendedKeys.unpack(packed_keys, account), store, worker, clock)
    vault, own_ports, limits = Vault(opened), set[int](), Limits()
    journal = Journal(log, log_worker, clock)
    await journal.start()
    upstream = HttpUpstream(Resolver(own_ports), limits)
    engine = Engine(vault, vault, upstream, journal, clock)
    return Daemon(home, account, store, log, worker, log_worker, clock, vault, journal, engine, upstream, own_ports, limits)
