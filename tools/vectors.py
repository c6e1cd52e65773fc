"""Freezes bytes of every format into tests/vectors/*.json, once: a file that exists is not written again.

What is sealed carries a random nonce, so these bytes cannot be made a second time; the tests open them. To freeze a new format, add a
function here and run ``python tools/vectors.py``. A frozen file is never changed: a format that changes gets a new version byte and a new
file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agentsecrets.audit.chain import START, decode, encode, link
from agentsecrets.crypto.boxes import SealingKey, seal_to
from agentsecrets.crypto.deposits import seal_deposit
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.framing import frame, pae
from agentsecrets.crypto.keys import OpenPerson, SealedAccount, with_recovery
from agentsecrets.crypto.levels import at_guarded, at_keychain, new_item, written_item
from agentsecrets.crypto.passwords import stretch
from agentsecrets.crypto.records import RecordHead, SealedRecord, record_id, seal_name_key, seal_record
from agentsecrets.crypto.recovery import RecoveryKey
from agentsecrets.crypto.sealing import derive, new_key, seal
from agentsecrets.crypto.value import Value
from agentsecrets.crypto.verify import fingerprint
from agentsecrets.crypto.workspace import WorkspaceKeys
from agentsecrets.ledger.chain import extend, write_entry
from agentsecrets.ledger.entries import (
    ALLOWLIST_ADDED,
    ALLOWLIST_REMOVED,
    PROJECT_CREATED,
    PROJECT_DELETED,
    PROJECT_RENAMED,
    Allowed,
    Named,
    Nothing,
)
from agentsecrets.ledger.state import LedgerState
from agentsecrets.model.binding import Binding
from agentsecrets.model.event import Event
from agentsecrets.model.place import Place, ProjectId, WorkspaceId, new_id
from agentsecrets.model.secret import KeyName
from agentsecrets.model.statement import Checkpoint, DepositOffer, Entry, HandoverRequest, RevealRequest, as_json, read_payload
from agentsecrets.team.projects import render_folder, sign_folder
from agentsecrets.vault.accounts import found_account
from agentsecrets.vault.remembered import Remembered, write_remembered
from agentsecrets.vault.signed_bindings import write_binding
from agentsecrets.vault.workspace import workspace_keys
from agentsecrets.wire.frames import CONSENT, EXIT, STDERR, STDOUT
from agentsecrets.wire.frames import frame as call_frame
from agentsecrets.wire.session import Session

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "vectors"
EMAIL, PASSWORD = "ada@example.com", "violet-harbour-quartz-meadow"
NOW = 1_764_000_000_000
KEY, VALUE = KeyName("STRIPE_KEY"), b"sk_live_51HxQ/7+zvBq=Lm9"

Vector = dict[str, Any]


class Story:
    """One account and everything that it signed and sealed."""

    def __init__(self) -> None:
        self.account: SealedAccount
        self.person: OpenPerson
        self.account, self.person, founded = found_account(EMAIL, PASSWORD, NOW)
        first, self.recovery = founded.first, RecoveryKey.generate()
        self.account = with_recovery(self.account, self.person, self.recovery)
        self.device = self.person.unattended.device
        self.identity = self.account.verified_identity()
        self.keys: WorkspaceKeys = workspace_keys(first, self.account.account_id, self.person.unattended)
        self.workspace_key = self.person.unattended.sealing.open(self._grant(first))
        self.state = extend(LedgerState(), first, self.identity, self.keys.ledger_key)
        self.ledger: list[Envelope] = [first]
        self.project_id = ProjectId(new_id())
        self.place = Place(WorkspaceId(self.state.public.workspace_id), self.project_id, "staging")

    def _grant(self, first: Envelope) -> bytes:
        return read_payload(first.payload, Entry).grants[self.account.account_id]

    def write(self, entry: str, subject: str, sealed: object, *, by_device: bool = False) -> None:
        """Adds an entry to the ledger."""
        envelope = write_entry(
            self.state.public,
            entry,
            workspace_id=self.place.workspace_id,
            author=self.account.account_id,
            subjects=(subject,),
            sealed=sealed,
            ledger_key=self.keys.ledger_key,
            signer=self.device if by_device else self.person.signing,
            now_ms=NOW + 1000 * len(self.ledger),
        )
        self.state = extend(self.state, envelope, self.identity, self.keys.ledger_key)
        self.ledger.append(envelope)


def blocks(_: Story) -> Vector:
    """Building blocks: framing, derivation, sealing, sealed boxes, pre-authentication encoding."""
    key, recipient, associated = new_key(), SealingKey.generate(), frame(b"example", b"")
    return {
        "fields": ["", "a", "bc"],
        "frame": frame(b"", b"a", b"bc"),
        "pae": pae("checkpoint", b"\x01{}"),
        "key": key,
        "derived": derive(key, b"agentsecrets/v1/ledger"),
        "plain": VALUE,
        "associated": associated,
        "sealed": seal(key, VALUE, associated),
        "seed": recipient.seed(),
        "public": recipient.public,
        "box": seal_to(recipient.public, VALUE),
    }


def account(story: Story) -> Vector:
    """The account's document, the keys in it, its identity and certificate, and the pack for the daemon."""
    unattended = story.person.unattended
    return {
        "password": PASSWORD,
        "wrap_key": stretch(PASSWORD.encode(), story.account.kdf).wrap_key,
        "recovery_words": story.recovery.words,
        "recovery_wrap_key": story.recovery.wrap_key,
        "document": as_json(story.account),
        "identity": story.account.identity,
        "certificate": story.account.certificate,
        "fingerprint": fingerprint(story.identity),
        "signing_seed": story.person.signing.seed(),
        "sealing_seed": unattended.sealing.seed(),
        "device_seed": unattended.device.seed(),
        "pack": unattended.pack(),
    }


def ledger(story: Story) -> Vector:
    """One entry of each kind, and the grant in the first."""
    host = new_id()
    story.write(PROJECT_CREATED, story.project_id, Named("shop"), by_device=True)
    story.write(PROJECT_RENAMED, story.project_id, Named("webshop"))
    gone = new_id()
    story.write(PROJECT_CREATED, gone, Named("old"), by_device=True)
    story.write(PROJECT_DELETED, gone, Nothing(), by_device=True)
    story.write(ALLOWLIST_ADDED, host, Allowed("api.example.com", 8443, private=("10.0.0.0/8",)))
    story.write(ALLOWLIST_ADDED, new_id(), Allowed("api.example.org"))
    story.write(ALLOWLIST_REMOVED, host, Nothing())
    return {
        "identity": story.account.identity,
        "sealing_seed": story.person.unattended.sealing.seed(),
        "workspace_key": story.workspace_key,
        "ledger_key": story.keys.ledger_key,
        "entries": [envelope.encode() for envelope in story.ledger],
        "head": story.state.public.head,
    }


def record(story: Story) -> Vector:
    """Two versions of a secret and its vault's name key."""
    vault_key, name_key = story.keys.vault_key(story.project_id, story.place.environment), new_key()
    rid = record_id(name_key, KEY)
    head = RecordHead(key=KEY, time_ms=NOW, author=story.account.account_id, note="from the dashboard")
    first = seal_record(vault_key, story.place, (rid, 1, 1), head, Value(VALUE))
    head = RecordHead(key=KEY, time_ms=NOW + 1, author=story.account.account_id, parent=first.digest)
    second = seal_record(vault_key, story.place, (rid, 2, 1), head, Value(VALUE * 7))
    return {
        "workspace_key": story.workspace_key,
        **_place(story.place),
        "name_key": name_key,
        "sealed_name_key": seal_name_key(vault_key, name_key, story.place),
        "key": KEY,
        "values": [VALUE, VALUE * 7],
        "records": [_record(version) for version in (first, second)],
    }


def binding(story: Story) -> Vector:
    """A binding that the device pinned, and the one by which a person replaced it."""
    pinned = Binding(KEY, ("api.example.com:8443",), "bearer", origin="pinned")
    chosen = Binding(KEY, ("api.example.com:8443", "api.example.org"), "header", "X-Api-Key", ("GET", "POST"), ("/v1",))
    account_id = story.account.account_id
    one = write_binding(story.keys, story.place, pinned, previous=None, author=account_id, signer=story.device, now_ms=NOW)
    other = write_binding(
        story.keys, story.place, chosen, previous=one.encode(), author=account_id, signer=story.person.signing, now_ms=NOW + 1
    )
    return {
        "identity": story.account.identity,
        "workspace_key": story.workspace_key,
        **_place(story.place),
        "pinned": one.encode(),
        "pinned_plain": as_json(pinned),
        "chosen": other.encode(),
        "chosen_plain": as_json(chosen),
    }


def narrowing(story: Story) -> Vector:
    """A person's binding, the one to which the device narrowed it, the word that took it back, and the pin that came after."""
    chosen = Binding(KEY, ("*.example.com", "api.example.org"), "header", "X-Api-Key")
    narrowed = Binding(KEY, ("api.example.com",), "header", "X-Api-Key", ("GET",), ("/v1",), "narrowed")
    open_word = Binding(KEY, (), "bearer", origin="open")
    pinned = Binding(KEY, ("api.example.net",), "bearer", origin="pinned")
    author, person, device = story.account.account_id, story.person.signing, story.device
    made: dict[str, bytes] = {}
    previous = None
    for name, told, signer, base in (
        ("chosen", chosen, person, ""), ("narrowed", narrowed, device, "chosen"), ("open", open_word, person, ""),
        ("pinned_anew", pinned, device, "open"),
    ):  # fmt: skip
        envelope = write_binding(
            story.keys, story.place, told, previous=previous, author=author, signer=signer, now_ms=NOW, base=made.get(base, b"")
        )
        previous = made[name] = envelope.encode()
    plain = {"narrowed_plain": as_json(narrowed), "open_plain": as_json(open_word), "pinned_anew_plain": as_json(pinned)}
    return {"identity": story.account.identity, "workspace_key": story.workspace_key, **_place(story.place), **made, **plain}


def words(story: Story) -> Vector:
    """The signed statements that no other vector has: folder trust by person and device, reveal, deposit key."""
    path, content = "/srv/shop/.agentsecrets/project.json", render_folder(story.state, story.project_id, "staging")
    account_id, recipient, deposit = story.account.account_id, SealingKey.generate(), SealingKey.generate()
    reveal = RevealRequest(account_id=account_id, **_place(story.place), key=KEY, recipient=recipient.public, nonce=new_id(), time_ms=NOW)
    offer = DepositOffer(account_id=account_id, public=deposit.public, time_ms=NOW)
    return {
        "identity": story.account.identity,
        "path": path,
        "project_file": content,
        "folder_trust": sign_folder(story.person.signing, account_id, path, content, NOW).encode(),
        "folder_trust_by_device": sign_folder(story.device, account_id, path, content, NOW).encode(),
        "reveal": story.person.signing.sign(reveal).encode(),
        "reveal_seed": recipient.seed(),
        "revealed": seal_to(recipient.public, VALUE),
        "deposit_key": story.device.sign(offer).encode(),
        "deposit_seed": deposit.seed(),
        "deposit_meant": [KEY, "/srv/shop", "", "", "staging", ""],
        "deposit": seal_deposit(deposit.public, (KEY, "/srv/shop", "", "", "staging", ""), VALUE),
        "value": VALUE,
    }


def handover(story: Story) -> Vector:
    """A person's word that a command may have values, once and remembered."""
    account_id, recipient = story.account.account_id, SealingKey.generate()
    place = story.place
    command = Remembered(
        project_id=place.project_id,
        environment=place.environment,
        folder=b"/srv/shop",
        command=(b"npm", b"run", b"start", b"\xff"),
        keys=("OTHER_KEY", KEY),
    )
    request = HandoverRequest(
        account_id=account_id,
        **_place(place),
        folder=command.folder,
        command=command.command,
        keys=command.keys,
        recipient=recipient.public,
        nonce=new_id(),
        time_ms=NOW,
    )
    word = write_remembered(story.keys, place.workspace_id, command, author=account_id, signer=story.person.signing, now_ms=NOW)
    return {
        "identity": story.account.identity,
        "workspace_key": story.workspace_key,
        **_place(place),
        "handover": story.person.signing.sign(request).encode(),
        "command_id": command.id,
        "remembered_plain": as_json(command),
        "remembered": word.encode(),
    }


def keychain(story: Story) -> Vector:
    """The account at level keychain, with the item that opens it, and back at guarded; the recovery key was made before either."""
    item = new_item()
    moved, keys = at_keychain(story.account, story.person, PASSWORD.encode(), NOW + 1, item)
    back, _ = at_guarded(moved, keys, PASSWORD.encode(), NOW + 2)
    return {
        "password": PASSWORD,
        "recovery_words": story.recovery.words,
        "identity": story.account.identity,
        "item_name": item[0],
        "item": written_item(item[1]),
        "document": as_json(moved),
        "protection": moved.moved,
        "pack_plain": keys.unattended.pack(),
        "pack": moved.keychain.pack if moved.keychain else b"",
        "guarded_document": as_json(back),
    }


def audit(story: Story) -> Vector:
    """Four rows of the log, two calls, and the checkpoint over them. The frozen ones hold every member, as rows did at first."""
    hosted: Any = {"domain": "api.example.com", "port": 443, "scheme": "https", "path": "/v1/me", "method": "GET", **_place(story.place)}
    events = [
        Event(id="019ab5a1f000" + "0" * 20, phase="intent", time_ms=NOW, secret_keys=(KEY,), auth_styles=("bearer",), **hosted),
        Event(id="019ab5a1f000" + "0" * 20, phase="outcome", time_ms=NOW + 9, status_code=200, outcome="ok", redactions=1, **hosted),
        Event(id="019ab5a1f000" + "1" * 20, phase="outcome", time_ms=NOW + 10, outcome="blocked", reason="https_only", **hosted),
        Event(id="019ab5a1f000" + "2" * 20, phase="outcome", time_ms=NOW + 11, action="reveal", outcome="ok", secret_keys=(KEY,)),
    ]
    rows = _rows(events)
    word = Checkpoint(account_id=story.account.account_id, index=len(rows) - 1, hash=rows[-1]["hash"].hex(), time_ms=NOW + 12)
    return {"identity": story.account.identity, "rows": rows, "checkpoint": story.device.sign(word).encode()}


def audit_short(_: Story) -> Vector:
    """The same four rows without the members that are as by default."""
    rows = json.loads((FOLDER / "audit.v1.json").read_text(encoding="utf-8"))["rows"]
    return {"rows": _rows([decode(bytes.fromhex(row["payload"]["hex"])) for row in rows])}


def _rows(events: list[Event]) -> list[Vector]:
    rows, digest = [], START
    for index, event in enumerate(events):
        payload = encode(event)
        digest = link(digest, payload)
        rows.append({"index": index, "id": event.id, "phase": event.phase, "payload": payload, "hash": digest})
    return rows


def files(_: Story) -> Vector:
    """What lies in files and crosses the control socket in the open."""
    session = Session(token="as_sess_" + "5e" * 32, port=8765)
    frames = ((STDOUT, b"{}"), (STDERR, b"error: no\n"), (CONSENT, b"{}"), (EXIT, b"\x04"))
    return {"session": session.encode(), "frames": b"".join(call_frame(kind, content) for kind, content in frames)}


def _place(place: Place) -> Any:
    return {"workspace_id": place.workspace_id, "project_id": place.project_id, "environment": place.environment}


def _record(version: SealedRecord) -> Vector:
    return {
        "record_id": version.record_id,
        "version": version.version,
        "epoch": version.epoch,
        "head": version.head,
        "body": version.body,
        "digest": version.digest,
    }


FORMATS: tuple[Callable[[Story], Vector], ...] = (
    blocks,
    account,
    ledger,
    record,
    binding,
    narrowing,
    words,
    handover,
    keychain,
    audit,
    audit_short,
    files,
)


def main() -> int:
    """Writes what is not there yet."""
    story = Story()
    for made in FORMATS:
        vector, path = made(story), FOLDER / f"{made.__name__}.v1.json"
        if path.exists():
            print(f"{path.name} is frozen already")
            continue
        path.write_text(json.dumps(vector, indent=2, default=lambda raw: {"hex": raw.hex()}) + "\n", encoding="utf-8")
        print(f"froze {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
