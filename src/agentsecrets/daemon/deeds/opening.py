"""Opening an account by its person's password."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.keys import OpenPerson, SealedAccount, open_person, open_person_by_recovery
from agentsecrets.crypto.passwords import encoded
from agentsecrets.crypto.recovery import RecoveryKey
from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.deeds.deed import Asked
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import HeadMoved, NoAccount, WorkspaceNotFound, WrongPassword, WrongRecoveryKey
from agentsecrets.ledger.chain import extend, write_entry
from agentsecrets.ledger.state import LedgerState
from agentsecrets.model.place import Place, WorkspaceId, parse_environment
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import StateDb
from agentsecrets.team.projects import find_project
from agentsecrets.vault.workspace import Workspace
from agentsecrets.wire.messages import Signed
from agentsecrets.wire.tables import marked

_TRIES = 3
_TRIES_TO_APPEND = 20


class Opened:
    """The account of a home folder, opened by its person.

    Args:
        asked: The request.
        person: Who is asked for the password.
        shown: What the person reads first: what will be signed or done.
        recovery: Whether the recovery key is asked for instead of the password.

    Attributes:
        keys: What was opened.
        typed: The password or the words that opened it.

    Raises:
        NoAccount, WrongPassword, WrongRecoveryKey, NoTerminal, LedgerCorrupt, SignatureInvalid
    """

    keys: OpenPerson
    typed: str

    def __init__(self, asked: Asked, person: Person, shown: str, *, recovery: bool = False) -> None:
        self.home = Home(Path(asked.home))
        self.home.create()
        self.store = StateDb(self.home.state_db)
        account = self.store.account()
        if account is None:
            raise NoAccount
        person.show(shown)
        self.account: SealedAccount = account
        self.keys, self.typed = opened_by(account, person, once=asked.password_stdin, recovery=recovery)
        self.control = asked.control

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace that the command means, by this account's own ledger of it.

        Raises:
            WorkspaceNotFound: When there is no such ledger.
        """
        return self._read(WorkspaceId(self.control.ask("/v1/workspace")["id"]))

    def _read(self, workspace_id: WorkspaceId) -> Workspace:
        ledger = [Envelope.decode(entry) for entry in self.store.ledger(workspace_id)]
        if not ledger:
            raise WorkspaceNotFound(workspace=workspace_id)
        return Workspace(self.account, self.keys.unattended, ledger, workspace_id)

    def place(self) -> tuple[Place, str]:
        """The vault that the command means, as the daemon finds it and this account's own ledger knows it, and its name.

        Raises:
            ProjectNotFound: When the ledger knows no such project.
        """
        found = self.control.ask("/v1/place")
        self.workspace = self._read(WorkspaceId(found["workspace_id"]))
        project_id = find_project(self.workspace.state, found["project_id"])
        place = Place(self.workspace.id, project_id, parse_environment(found["environment"]))
        return place, f"{dict(self.workspace.state.projects)[project_id]}, {marked(place.environment)}"

    def append(self, entry: str, made: Callable[[LedgerState], tuple[str, object]]) -> None:
        """Signs the next entry of the ledger and has the daemon append it; anew when another entry was quicker.

        Args:
            entry: Kind of the entry.
            made: Its subject and its sealed part, for the state that it will follow.

        Raises:
            RefusedEntry, or whatever ``made`` refuses.
            HeadMoved: When others were quicker each time.
        """
        for left in range(_TRIES_TO_APPEND, 0, -1):
            try:
                self._append(entry, *made(self.workspace.state))
            except HeadMoved:
                if left == 1:
                    raise
                self.workspace = self._read(self.workspace.id)
            else:
                return

    def _append(self, entry: str, subject: str, sealed: object) -> None:
        envelope = write_entry(
            self.workspace.state.public,
            entry,
            workspace_id=self.workspace.id,
            author=self.account.account_id,
            subjects=(subject,),
            sealed=sealed,
            ledger_key=self.workspace.keys.ledger_key,
            signer=self.keys.signing,
            now_ms=SystemClock().now_ms(),
        )
        self.control.ask("/v1/ledger", Signed(envelope=envelope.encode()))
        self.workspace.state = extend(self.workspace.state, envelope, self.workspace.identity, self.workspace.keys.ledger_key)


class _Way(NamedTuple):
    """How an account is opened: what is asked for, and what to say when it was not that."""

    prompt: str
    missed: str
    open: Callable[[SealedAccount, str], OpenPerson]


_BY_PASSWORD = _Way("Password", "That is not the password.", lambda account, typed: open_person(account, encoded(typed)))
_BY_RECOVERY = _Way(
    "Recovery key (twelve words)",
    "That is not the recovery key.",
    lambda account, typed: open_person_by_recovery(account, RecoveryKey.read(typed)),
)


def opened_by(account: SealedAccount, person: Person, *, once: bool, recovery: bool = False) -> tuple[OpenPerson, str]:
    """Asks a person for what opens an account, up to three times.

    Args:
        account: As it lies on the disk.
        person: Who is asked.
        once: Whether there is one answer only.
        recovery: Whether the recovery key is asked for instead of the password.

    Returns:
        The keys, and what was typed.

    Raises:
        WrongPassword, WrongRecoveryKey, NoTerminal, SignatureInvalid
    """
    way = _BY_RECOVERY if recovery else _BY_PASSWORD
    for left in range(1 if once else _TRIES, 0, -1):
        try:
            typed = person.secret(way.prompt)
            return way.open(account, typed), typed
        except (WrongPassword, WrongRecoveryKey):
            if left == 1:
                raise
            person.show(way.missed)
    raise WrongPassword
