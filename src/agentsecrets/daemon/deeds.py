"""What the presence program can do, one function a deed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path
from typing import Any

import msgspec

from agentsecrets.client.control import Control
from agentsecrets.client.launch import start_daemon
from agentsecrets.crypto.boxes import SealingKey, seal_to
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.keys import OpenPerson, SealedAccount, open_person
from agentsecrets.crypto.verify import verify_by_device
from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.places import ACTIVE_PROJECT
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import (
    AccountExists,
    AgentSecretsError,
    AlreadyRunning,
    BadUsage,
    ForeignDaemon,
    NoAccount,
    NoDaemon,
    NoProject,
    PasswordsDiffer,
    WrongPassword,
)
from agentsecrets.ledger.chain import write_entry
from agentsecrets.ledger.entries import ALLOWLIST_ADDED, ALLOWLIST_REMOVED, Nothing
from agentsecrets.model.binding import Binding
from agentsecrets.model.place import DEFAULT_ENVIRONMENT, Place, ProjectId, new_id, parse_environment
from agentsecrets.model.secret import check_value, parse_key_name
from agentsecrets.model.statement import DepositOffer, RevealRequest
from agentsecrets.model.target import parse_authority, parse_target
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import StateDb
from agentsecrets.team.allowlist import parse_host, sealed_added, subject_removed
from agentsecrets.team.projects import find_project
from agentsecrets.vault.accounts import found_account
from agentsecrets.vault.bindings import write_binding
from agentsecrets.vault.workspace import Workspace
from agentsecrets.wire.messages import Deposit, Signed

_TRIES = 3
_STOP_SECONDS = 10.0


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for; it holds neither password nor value."""

    deed: str
    home: str
    port: int = 8765
    email: str = ""
    host: str = ""
    private: tuple[str, ...] = ()
    ca: str = ""
    plain_http: bool = False
    key: str = ""
    style: str = ""
    slot: str = ""
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    project: str = ""
    environment: str = ""
    password_stdin: bool = False
    value_fd: int = -1


def perform(encoded: bytes) -> bytes:
    """Does what a request asks for; answers JSON."""
    request = msgspec.json.decode(encoded, type=Request)
    deed = _DEEDS.get(request.deed)
    if deed is None:
        raise BadUsage(problem="the presence program does not know this deed")
    return msgspec.json.encode(deed(request, Person(stdin=request.password_stdin)))


class _Open:
    """The account of a home folder, opened by its person."""

    def __init__(self, request: Request, person: Person, shown: str) -> None:
        self.home = Home(Path(request.home))
        self.home.create()
        self.store = StateDb(self.home.state_db)
        account = self.store.account()
        if account is None:
            raise NoAccount
        person.show(shown)
        self.account: SealedAccount = account
        self.keys: OpenPerson = _opened(account, person, tries=1 if request.password_stdin else _TRIES)
        self.workspace = Workspace(account, self.keys.unattended, [Envelope.decode(entry) for entry in self.store.ledger()])
        self.control = Control(self.home.root, project=request.project, environment=request.environment)
        self._request = request

    @property
    def place(self) -> Place:
        """The vault that the command means."""
        state, asked = self.workspace.state, self._request
        environment = parse_environment(asked.environment) if asked.environment else DEFAULT_ENVIRONMENT
        if asked.project:
            return Place(self.workspace.id, find_project(state, asked.project), environment)
        active = self.store.choice(ACTIVE_PROJECT)
        if active not in dict(state.projects):
            raise NoProject
        return Place(self.workspace.id, ProjectId(active), environment)


def _opened(account: SealedAccount, person: Person, tries: int) -> OpenPerson:
    for left in range(tries, 0, -1):
        try:
            return open_person(account, person.secret("Password").encode("utf-8", "surrogateescape"))
        except WrongPassword:
            if left == 1:
                raise
            person.show("That is not the password.")
    raise WrongPassword


def _init(request: Request, person: Person) -> dict[str, Any]:
    home = Home(Path(request.home))
    home.create()
    store = StateDb(home.state_db)
    existing = store.account()
    if existing is not None:
        raise AccountExists(email=existing.email)
    person.show("AgentSecrets cannot reset this password: keep it well.")
    password = person.secret("New password")
    if not request.password_stdin and person.secret("The same again") != password:
        raise PasswordsDiffer
    account, keys, first = found_account(request.email, password, SystemClock().now_ms())
    store.found(account, first.encode())
    store.close()
    _replace_daemon(home, request.port, keys)
    return {"email": account.email, "protection": account.protection}


def _unlock(request: Request, person: Person) -> dict[str, Any]:
    opened = _Open(request, person, "AgentSecrets: unlock the vault")
    opened.store.close()
    _replace_daemon(opened.home, request.port, opened.keys)
    return {"unlocked": True}


def _replace_daemon(home: Home, port: int, keys: OpenPerson) -> None:
    """Starts a fresh daemon as a child of this process: no running one is ever handed keys."""
    with contextlib.suppress(AgentSecretsError):
        Control(home.root).ask("/v1/stop")
    _wait_for_lock(home)
    start_daemon(home.root, port, keys.unattended.pack())


def _wait_for_lock(home: Home) -> None:
    descriptor = os.open(home.lock_file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + _STOP_SECONDS
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise AlreadyRunning from None
                time.sleep(0.01)
            else:
                return
    finally:
        os.close(descriptor)


def _allow(request: Request, person: Person) -> dict[str, Any]:
    host = parse_host(request.host, private=request.private, ca=request.ca, plain_http=request.plain_http)
    opened = _Open(request, person, f"AgentSecrets: allow calls to {host.shown} {'over plain http ' if host.plain_http else ''}".rstrip())
    _append(opened, ALLOWLIST_ADDED, new_id(), sealed_added(opened.workspace.state, host))
    return {"domain": host.shown}


def _disallow(request: Request, person: Person) -> dict[str, Any]:
    host, port, _ = parse_authority(request.host, 443)
    opened = _Open(request, person, f"AgentSecrets: no more calls to {request.host}")
    _append(opened, ALLOWLIST_REMOVED, subject_removed(opened.workspace.state, host, port), Nothing())
    return {"domain": request.host}


def _append(opened: _Open, entry: str, subject: str, sealed: object) -> None:
    envelope = write_entry(
        opened.workspace.state.public,
        entry,
        workspace_id=opened.workspace.id,
        author=opened.account.account_id,
        subjects=(subject,),
        sealed=sealed,
        ledger_key=opened.workspace.keys.ledger_key,
        signer=opened.keys.signing,
        now_ms=SystemClock().now_ms(),
    )
    opened.control.ask("/v1/ledger", Signed(envelope=envelope.encode()))


def _bind(request: Request, person: Person) -> dict[str, Any]:
    target = parse_target(f"https://{request.host}/")
    key = parse_key_name(request.key)
    binding = Binding(key, (target.host_and_port,), request.style, request.slot, request.methods, request.paths)  # type: ignore[arg-type]
    opened = _Open(request, person, f"AgentSecrets: {key} may go to {binding.shown}")
    place = opened.place
    previous = opened.store.binding(place, opened.workspace.keys.binding_id(place.project_id, key))
    envelope = write_binding(
        opened.workspace.keys,
        place,
        binding,
        previous=previous,
        author=opened.account.account_id,
        signer=opened.keys.signing,
        now_ms=SystemClock().now_ms(),
    )
    return opened.control.ask("/v1/bindings", Signed(envelope=envelope.encode()))


def _deposit(request: Request, person: Person) -> dict[str, Any]:
    """Takes a value from a person and hands it to the daemon, sealed to a key that only this account's daemon can have signed."""
    home = Home(Path(request.home))
    account = StateDb(home.state_db).account() if home.state_db.exists() else None
    if account is None:
        raise NoAccount
    key = parse_key_name(request.key)
    raw = _value(request, person)
    check_value(raw)
    control = Control(home.root, project=request.project, environment=request.environment)
    try:
        offer = msgspec.convert(control.ask("/v1/secrets/offer"), Signed)
        word = verify_by_device(Envelope.decode(offer.envelope), account.verified_identity(), DepositOffer)
    except NoDaemon:
        raise
    except AgentSecretsError as failure:
        raise (failure if failure.slug in ("locked", "shutting_down") else ForeignDaemon()) from None
    return control.ask("/v1/secrets/set", Deposit(key=key, sealed=seal_to(word.public, raw)))


def _value(request: Request, person: Person) -> bytes:
    if request.value_fd >= 0:
        with os.fdopen(request.value_fd, "rb") as pipe:
            return pipe.read()
    return person.secret(f"Value of {request.key}").encode("utf-8", "surrogateescape")


def _reveal(request: Request, person: Person) -> dict[str, Any]:
    key = parse_key_name(request.key)
    opened = _Open(request, person, f"AgentSecrets: show the value of {key}")
    place, recipient = opened.place, SealingKey.generate()
    statement = RevealRequest(
        account_id=opened.account.account_id,
        workspace_id=place.workspace_id,
        project_id=place.project_id,
        environment=place.environment,
        key=key,
        recipient=recipient.public,
        nonce=opened.control.ask("/v1/secrets/challenge")["nonce"],
        time_ms=SystemClock().now_ms(),
    )
    answer = opened.control.ask("/v1/secrets/reveal", Signed(envelope=opened.keys.signing.sign(statement).encode()))
    os.write(1, recipient.open(msgspec.convert(answer["sealed"], bytes)) + b"\n")
    return {}


_DEEDS = {
    "init": _init,
    "unlock": _unlock,
    "allowlist.add": _allow,
    "allowlist.remove": _disallow,
    "bind": _bind,
    "deposit": _deposit,
    "reveal": _reveal,
}
