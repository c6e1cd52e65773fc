"""What the presence program can do, one function a deed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import msgspec

from agentsecrets.client.control import Control, place_fields
from agentsecrets.client.launch import Choice, start_daemon
from agentsecrets.client.lifecycle import wait_until_stopped
from agentsecrets.crypto.boxes import SealingKey, seal_to
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.keys import OpenPerson, SealedAccount, open_person
from agentsecrets.crypto.verify import verify_by_device
from agentsecrets.daemon.clock import SystemClock
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import (
    AccountExists,
    AgentSecretsError,
    BadUsage,
    ForeignDaemon,
    NoAccount,
    NoDaemon,
    NoProjectFile,
    PasswordsDiffer,
    WrongPassword,
)
from agentsecrets.ledger.chain import extend, write_entry
from agentsecrets.ledger.entries import ALLOWLIST_ADDED, ALLOWLIST_REMOVED, Nothing
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.binding import Binding
from agentsecrets.model.place import Place, new_id, parse_environment
from agentsecrets.model.secret import check_value, parse_key_name
from agentsecrets.model.statement import DepositOffer, RevealRequest
from agentsecrets.model.target import parse_authority, parse_target
from agentsecrets.proxy.ingress import injection
from agentsecrets.storage.files import read_own
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import StateDb
from agentsecrets.team.allowlist import parse_host, sealed_added, subject_removed
from agentsecrets.team.projects import find_project, parse_folder, sign_folder
from agentsecrets.vault.accounts import found_account
from agentsecrets.vault.bindings import write_binding
from agentsecrets.vault.workspace import Workspace
from agentsecrets.wire.messages import Deposit, Signed

_TRIES = 3
_STDIN = 0
_MOST_READ = 1 << 20


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for; it holds neither password nor value."""

    deed: str
    home: str
    cwd: str = ""
    port: int | None = None
    remember_port: bool = False
    idle_lock_s: int | None = None
    email: str = ""
    hosts: tuple[str, ...] = ()
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
        self.control = _control(request)

    def place(self) -> tuple[Place, str]:
        """The vault that the command means, as the daemon finds it and this account's own ledger knows it, and its name.

        Raises:
            ProjectNotFound: When the ledger knows no such project.
        """
        found = self.control.ask("/v1/place")
        project_id = find_project(self.workspace.state, found["project_id"])
        place = Place(self.workspace.id, project_id, parse_environment(found["environment"]))
        shown = "PRODUCTION" if place.environment == "production" else place.environment
        return place, f"{dict(self.workspace.state.projects)[project_id]}, {shown}"


def _control(request: Request) -> Control:
    return Control(Path(request.home), place_fields(request.cwd, request.project, request.environment))


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
    _replace_daemon(home, request, keys)
    return {"email": account.email, "protection": account.protection}


def _unlock(request: Request, person: Person) -> dict[str, Any]:
    opened = _Open(request, person, "AgentSecrets: unlock the vault")
    opened.store.close()
    _replace_daemon(opened.home, request, opened.keys)
    return {"email": opened.account.email}


def _replace_daemon(home: Home, request: Request, keys: OpenPerson) -> None:
    """Starts a fresh daemon as a child of this process: no running one is ever handed keys."""
    with contextlib.suppress(AgentSecretsError):
        Control(home.root).ask("/v1/stop")
    wait_until_stopped(home.root)
    choice = Choice(port=request.port, remember_port=request.remember_port, idle_lock_s=request.idle_lock_s)
    start_daemon(home.root, choice, keys.unattended.pack())


def _allow(request: Request, person: Person) -> dict[str, Any]:
    given = {"private": request.private, "ca": request.ca, "plain_http": request.plain_http}
    hosts = [parse_host(text, **given) for text in request.hosts]  # type: ignore[arg-type]
    special = [
        *request.private,
        *(["an own certification authority"] if request.ca else []),
        *(["plain http"] if request.plain_http else []),
    ]
    shown = f"AgentSecrets: allow calls to {', '.join(host.shown for host in hosts)}"
    opened = _Open(request, person, f"{shown} ({', '.join(special)})" if special else shown)
    for host in hosts:
        _append(opened, ALLOWLIST_ADDED, new_id(), sealed_added(opened.workspace.state, host))
    return {"domains": [host.shown for host in hosts]}


def _disallow(request: Request, person: Person) -> dict[str, Any]:
    hosts = [parse_authority(text, 443)[:2] for text in request.hosts]
    opened = _Open(request, person, f"AgentSecrets: no more calls to {', '.join(request.hosts)}")
    for host, port in hosts:
        _append(opened, ALLOWLIST_REMOVED, subject_removed(opened.workspace.state, host, port), Nothing())
    return {"domains": [AllowedHost(host, port).shown for host, port in hosts]}


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
    opened.workspace.state = extend(opened.workspace.state, envelope, opened.workspace.identity, opened.workspace.keys.ledger_key)


def _bind(request: Request, person: Person) -> dict[str, Any]:
    targets = [parse_target(f"https://{host}/") for host in request.hosts]
    key = parse_key_name(request.key)
    style = injection(request.style, request.slot, key).style
    hosts = tuple(target.host_and_port for target in targets)
    binding = Binding(key, hosts, style, request.slot, request.methods, request.paths)
    opened = _Open(request, person, f"AgentSecrets: {key} may go to {binding.shown}")
    place, name = opened.place()
    person.show(f"in {name}")
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


def _trust(request: Request, person: Person) -> dict[str, Any]:
    """Gives a word of trust in the project file that counts in a folder, after showing what it says."""
    path = Path(_control(request).ask("/v1/folder")["path"])
    content = read_own(path)
    if content is None:
        raise NoProjectFile
    project = parse_folder(content)
    opened = _Open(request, person, f"AgentSecrets: commands below {path.parent.parent} use {project.project}, {project.environment}")
    find_project(opened.workspace.state, project.project_id)
    word = sign_folder(opened.keys.signing, opened.account.account_id, str(path), content, SystemClock().now_ms())
    opened.control.ask("/v1/folder/trust", Signed(envelope=word.encode()))
    return {"path": str(path), "project": project.project, "environment": project.environment}


def _deposit(request: Request, person: Person) -> dict[str, Any]:
    """Takes a value from a person and hands it to the daemon, sealed to a key that only this account's daemon can have signed."""
    home = Home(Path(request.home))
    account = StateDb(home.state_db).account() if home.state_db.exists() else None
    if account is None:
        raise NoAccount
    key = parse_key_name(request.key)
    raw = _value(request, person)
    check_value(raw)
    control = _control(request)
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
        with os.fdopen(request.value_fd, "rb") as source:
            read = source.read(_MOST_READ)
        return read.removesuffix(b"\n") if request.value_fd == _STDIN else read  # a pipe from `echo` ends its line
    return person.secret(f"Value of {request.key}").encode("utf-8", "surrogateescape")


def _reveal(request: Request, person: Person) -> dict[str, Any]:
    key = parse_key_name(request.key)
    opened = _Open(request, person, f"AgentSecrets: show the value of {key}")
    (place, name), recipient = opened.place(), SealingKey.generate()
    person.show(f"in {name}")
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
    "trust": _trust,
    "deposit": _deposit,
    "reveal": _reveal,
}
