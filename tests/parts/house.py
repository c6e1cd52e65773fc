"""The real parts of the house put together in one process: everything but the daemon's sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from agentsecrets.audit.journal import Journal
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.keys import OpenPerson, SealedAccount
from agentsecrets.crypto.value import Value
from agentsecrets.ledger.chain import write_entry
from agentsecrets.ledger.entries import ALLOWLIST_ADDED, ALLOWLIST_REMOVED, PROJECT_CREATED, Named, Nothing
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.binding import Binding
from agentsecrets.model.call import Call, Field
from agentsecrets.model.place import Place, ProjectId, WorkspaceId, new_id
from agentsecrets.model.secret import KeyName
from agentsecrets.network.address import Resolver
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.upstream import HttpUpstream
from agentsecrets.ports import Standing
from agentsecrets.proxy.engine import Engine
from agentsecrets.proxy.ingress import read_asked, read_target
from agentsecrets.proxy.reply import Reply
from agentsecrets.storage.audit_db import AuditDb
from agentsecrets.storage.eager import EagerWorker
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import StateDb
from agentsecrets.storage.worker import ThreadWorker
from agentsecrets.team.allowlist import sealed_added, subject_removed
from agentsecrets.vault.accounts import found_account
from agentsecrets.vault.bindings import Bindings
from agentsecrets.vault.secrets import Secrets
from agentsecrets.vault.signed_bindings import write_binding
from agentsecrets.vault.workspace import Workspace
from tests.parts.gathered import Gathered

EMAIL = "ada@example.com"
PASSWORD = "violet-harbour-quartz-meadow"


class SystemClock:
    """``ports.Clock`` by the system's clocks."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()


class House:
    """An unlocked account with one project, over real stores and a real network."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.clock = SystemClock()
        self.state, self.log = StateDb(home.state_db), AuditDb(home.audit_db)
        self.worker, self.log_worker = ThreadWorker("state"), ThreadWorker("log")
        self.log_writer = EagerWorker("append")
        self.account: SealedAccount
        self.person: OpenPerson
        self.account, self.person, self.founded = found_account(EMAIL, PASSWORD, self.clock.now_ms())
        self.state.found(self.account, self.founded.workspace_id, self.founded.first.encode())
        self.open()

    def open(self) -> None:
        """Unlocks what is on disk, as a fresh daemon would."""
        ledger = [Envelope.decode(entry) for entry in self.state.ledger(self.founded.workspace_id)]
        self.workspace = Workspace(self.account, self.person.unattended, ledger, self.founded.workspace_id)
        self.secrets = Secrets(self.workspace, self.state, self.worker, self.clock)
        self.bindings = self.fresh_bindings()
        self.journal = Journal(self.log, self.log_writer, self.log_worker, self.clock)
        self.upstream = HttpUpstream(Resolver(set()), Limits(first_byte_seconds=5, silence_seconds=5))
        self.engine = Engine(self, self.secrets, self.upstream, self.journal, self.clock)

    def fresh_bindings(self) -> Bindings:
        """The bindings as a daemon finds them that has just started."""
        return Bindings(self.workspace, self.state, self.worker, self.clock)

    async def start(self) -> None:
        await self.journal.start()
        self.project_id = ProjectId(new_id())
        await self.workspace.write(self.state, self.worker, self.clock, PROJECT_CREATED, self.project_id, lambda _: Named("shop"))
        self.place = Place(self.workspace.id, self.project_id, "development")

    # --- ports.Authority ---------------------------------------------------------------------------------------------------------------

    def standing(self, workspace_id: WorkspaceId) -> Standing:
        assert workspace_id == self.workspace.id
        return self.workspace.standing()

    def bound(self, place: Place, key: KeyName) -> Binding | None:
        return self.bindings.known(place, key)

    async def binding(self, place: Place, key: KeyName) -> Binding | None:
        return await self.bindings.find(place, key)

    async def pin(self, place: Place, binding: Binding) -> Binding:
        return await self.bindings.pin(place, binding)

    # --- what a person does ------------------------------------------------------------------------------------------------------------

    async def allow(self, host: AllowedHost) -> None:
        await self._write(ALLOWLIST_ADDED, new_id(), sealed_added(self.workspace.state, host))

    async def disallow(self, host: str, port: int) -> None:
        await self._write(ALLOWLIST_REMOVED, subject_removed(self.workspace.state, host, port), Nothing())

    async def _write(self, kind: str, subject: str, sealed: object) -> None:
        entry = write_entry(
            self.workspace.state.public,
            kind,
            workspace_id=self.workspace.id,
            author=self.account.account_id,
            subjects=(subject,),
            sealed=sealed,
            ledger_key=self.workspace.keys.ledger_key,
            signer=self.person.signing,
            now_ms=self.clock.now_ms(),
        )
        await self.workspace.accept(self.state, self.worker, entry)

    async def bind(self, binding: Binding, previous: bytes | None = None) -> Envelope:
        envelope = write_binding(
            self.workspace.keys,
            self.place,
            binding,
            previous=previous,
            author=self.account.account_id,
            signer=self.person.signing,
            now_ms=self.clock.now_ms(),
        )
        await self.bindings.accept(envelope)
        return envelope

    async def rebind(self, binding: Binding) -> None:
        """Sets another binding of a key that has one and was used."""
        _, previous = self.bindings._known[self.place.project_id, binding.key]
        await self.bind(binding, previous)

    async def set(self, key: str, value: bytes) -> None:
        await self.secrets.set([self.place], KeyName(key), Value(value))

    # --- what an agent does ------------------------------------------------------------------------------------------------------------

    async def call(self, url: str, *headers: tuple[str, str], method: str = "GET", body: bytes | None = None) -> Reply:
        fields = [(name.encode(), value.encode()) for name, value in headers]
        return await self.engine.run(self.asked(method, url, *fields), body, None)

    def asked(self, method: str, url: str, *fields: Field) -> Call:
        """The call that a request with these header fields is."""
        target = read_target(url.encode())
        return Call(read_asked(method, fields).template(self.place, "active"), target)


@asynccontextmanager
async def open_house(root: Path) -> AsyncIterator[House]:
    """A house in a folder, closed at the end."""
    home = Home(root)
    home.create()
    house = House(home)
    await house.start()
    try:
        yield house
    finally:
        house.upstream.close()
        await house.journal.settle()
        house.worker.close()
        house.log_writer.close()
        house.log_worker.close()
        house.state.close()
        house.log.close()


def tell(root: Path, story: Callable[[House], Awaitable[None]]) -> None:
    """Lets a story happen in a house of its own.

    Args:
        root: An empty folder.
        story: What happens there.
    """

    async def run() -> None:
        async with open_house(root / "home") as house:
            await story(house)

    asyncio.run(run())


async def read(reply: Reply) -> bytes:
    """The whole body of a reply."""
    await reply.pass_on(gathered := Gathered())
    return gathered.whole
