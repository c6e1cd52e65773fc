"""Everything of a running daemon, put together."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass, field

from agentsecrets import __version__
from agentsecrets.audit.journal import Journal
from agentsecrets.crypto.boxes import SealingKey
from agentsecrets.crypto.keys import SealedAccount, UnattendedKeys
from agentsecrets.daemon.capacity import most_clients
from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.idleness import Idleness
from agentsecrets.daemon.keychain.starting import Start
from agentsecrets.daemon.listing import Listing
from agentsecrets.daemon.places import Places
from agentsecrets.daemon.requests import Requests
from agentsecrets.daemon.session import SessionToken
from agentsecrets.daemon.settings import Settings
from agentsecrets.daemon.unlocked import OpenVault, Vault
from agentsecrets.errors import AgentSecretsError, NoAccount, StateUnwritable
from agentsecrets.network.address import Resolver
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.upstream import HttpUpstream
from agentsecrets.proxy.engine import Engine
from agentsecrets.storage.audit_db import AuditDb
from agentsecrets.storage.eager import EagerWorker
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import StateDb
from agentsecrets.storage.worker import ThreadWorker

SWEEP_SECONDS = 10.0
LAST_WORDS_SECONDS = 2.0
"""How long a stopping daemon waits until the calls that it has broken off have written their outcome."""


@dataclass(slots=True)
class Daemon:
    """The parts of one daemon; control routes reach them here.

    Attributes:
        stopping: Set when it is to end.
        locks: Whether a daemon without keys takes its place then.
        refusal: Why it is locked although its level would open it.
        isolated: Whether it runs as the service of this machine, for users other than its own.
        listing: The list of secrets that was asked for last.
    """

    home: Home
    settings: Settings
    session: SessionToken
    account: SealedAccount
    store: StateDb
    log: AuditDb
    worker: ThreadWorker
    log_worker: ThreadWorker
    log_writer: EagerWorker
    clock: SystemClock
    vault: Vault
    places: Places
    idleness: Idleness
    journal: Journal
    engine: Engine
    upstream: HttpUpstream
    limits: Limits
    requests: Requests
    deposit: SealingKey = field(default_factory=SealingKey.generate)
    challenges: set[str] = field(default_factory=set)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    locks: bool = False
    refusal: AgentSecretsError | None = None
    isolated: bool = False
    listing: Listing | None = None
    started: float = 0.0

    def __post_init__(self) -> None:
        self.started = self.clock.monotonic()

    @property
    def version(self) -> str:
        """Version of the running program."""
        return __version__

    @property
    def pid(self) -> int:
        """Process id."""
        return os.getpid()

    @property
    def uptime_s(self) -> int:
        """Seconds since it started."""
        return int(self.clock.monotonic() - self.started)

    def lock(self) -> None:
        """Ends this daemon so that one without keys takes its place: memory that has held a key is given back whole."""
        self.locks = True
        self.stopping.set()

    async def checkpoint(self, *, now: bool = False) -> None:
        """Signs the log's end, when unlocked and when it is time; what a full disk refuses now is tried again in the next round."""
        if not self.vault.locked:
            device = self.vault.opened.unattended.device
            with contextlib.suppress(StateUnwritable):
                await self.journal.checkpoint(device, self.account.account_id, now=now)

    async def sweep(self, seconds: float = SWEEP_SECONDS) -> None:
        """Does what has to be done every few seconds until the daemon stops."""
        while not self.stopping.is_set():
            try:
                async with asyncio.timeout(min(seconds, self.settings.idle_lock_s)):
                    await self.stopping.wait()
            except TimeoutError:
                self.upstream.sweep()
                self.vault.sweep()
                self.engine.sweep()
                with contextlib.suppress(StateUnwritable):  # a full disk stops what is recorded, not the daemon
                    await self.checkpoint()
                if self.idleness.expired and not self.vault.locked and self.engine.under_way == 0:
                    self.lock()

    async def close(self) -> None:
        """Writes what is left to write and closes the stores."""
        deadline = self.clock.monotonic() + LAST_WORDS_SECONDS
        while self.engine.under_way and self.clock.monotonic() < deadline:  # noqa: ASYNC110  (many calls that were just broken off)
            await asyncio.sleep(0.01)
        await self.journal.settle()
        with contextlib.suppress(StateUnwritable):
            await self.checkpoint(now=True)
        self.session.remove()
        self.upstream.close()
        self.worker.close()
        self.log_writer.close()
        self.log_worker.close()
        self.store.close()
        self.log.close()


async def assemble(home: Home, settings: Settings, port: int, start: Start) -> Daemon:
    """Puts a daemon together, unlocked when it was handed keys.

    Args:
        home: The state folder.
        settings: What a person chose.
        port: Where the proxy listens: never a target of a call.
        start: Its keys, or why there are none.

    Raises:
        NoAccount: When there is nothing to serve yet.
        LedgerCorrupt, SignatureInvalid, StateUnwritable
    """
    store, clock = StateDb(home.state_db), SystemClock()
    account = store.account()
    if account is None:
        raise NoAccount
    log = AuditDb(home.audit_db)
    worker, log_worker = ThreadWorker("state"), ThreadWorker("log")
    log_writer = EagerWorker("append")
    opened = None
    if start.keys is not None:
        opened = OpenVault(account, UnattendedKeys.unpack(start.keys, account), store, worker, clock)
    vault, limits = Vault(opened), Limits(client_connections=most_clients())
    journal = Journal(log, log_writer, log_worker, clock)
    await journal.start()
    upstream = HttpUpstream(Resolver({port}), limits)
    return Daemon(
        home=home,
        settings=settings,
        session=SessionToken(home, port),
        account=account,
        store=store,
        log=log,
        worker=worker,
        log_worker=log_worker,
        log_writer=log_writer,
        clock=clock,
        vault=vault,
        places=Places(vault, store, worker),
        idleness=Idleness(clock, settings.idle_lock_s),
        journal=journal,
        engine=Engine(vault, vault, upstream, journal, clock),
        upstream=upstream,
        limits=limits,
        requests=Requests(clock),
        refusal=start.refusal,
    )
