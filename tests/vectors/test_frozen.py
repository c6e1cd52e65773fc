"""Frozen bytes of every format: today's code opens them, makes the same where nothing is random, and refuses them with any bit turned."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from agentsecrets.audit.chain import START, decode, encode, link
from agentsecrets.crypto.boxes import SealingKey
from agentsecrets.crypto.deposits import open_deposit
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.framing import frame, pae, unframe
from agentsecrets.crypto.keys import SealedAccount, SealedKeys, UnattendedKeys, open_person, open_person_by_recovery
from agentsecrets.crypto.levels import open_by_keychain, read_item, written_item
from agentsecrets.crypto.passwords import stretch
from agentsecrets.crypto.records import SealedRecord, open_body, open_head, open_name_key, record_id
from agentsecrets.crypto.recovery import RecoveryKey
from agentsecrets.crypto.sealing import derive, unseal
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.crypto.verify import fingerprint, verify_by_device, verify_by_either, verify_by_person, verify_identity
from agentsecrets.crypto.workspace import WorkspaceKeys
from agentsecrets.errors import (
    AgentSecretsError,
    FormatUnknown,
    KeychainItemWrong,
    LedgerCorrupt,
    RecordCorrupt,
    SignatureInvalid,
    WrongPassword,
    WrongRecoveryKey,
)
from agentsecrets.ledger.chain import replay
from agentsecrets.ledger.entries import KINDS
from agentsecrets.model.place import Place
from agentsecrets.model.statement import (
    Checkpoint,
    DepositOffer,
    FolderTrust,
    HandoverRequest,
    Identity,
    Protection,
    RevealRequest,
    Statement,
)
from agentsecrets.team.projects import is_trusted, parse_folder
from agentsecrets.vault.remembered import Remembered, read_remembered
from agentsecrets.vault.signed_bindings import read_binding
from agentsecrets.wire.frames import frame as call_frame
from agentsecrets.wire.session import read_session
from tests.architecture.source import REPOSITORY
from tests.vectors.frozen import cut_or_grown, every_alteration, frozen

Opening = Callable[[bytes], object]
UNOPENED = (FormatUnknown, SignatureInvalid, RecordCorrupt)


def _identity() -> Identity:
    return verify_identity(frozen("account")["identity"])


def _refused(raw: bytes, opening: Opening, *named: type[AgentSecretsError]) -> None:
    """Every bit-turned, cut or grown form is refused with one of the named errors, and with no other."""
    for spoiled in (*every_alteration(raw), *cut_or_grown(raw)):
        with pytest.raises(named):
            opening(spoiled)


def test_every_kind_of_signed_statement_is_frozen_and_documented():
    signed = {Envelope.decode(raw).kind for raw in _envelopes()}
    assert signed == {shape.kind for shape in Statement.__subclasses__()}
    documented = (REPOSITORY / "docs" / "reference" / "formats.md").read_text(encoding="utf-8")
    for shape in Statement.__subclasses__():
        (row,) = [line for line in documented.splitlines() if line.startswith(f"| `{shape.kind}` |")]
        assert re.findall(r"`(\w+)`", row.rpartition("|")[0].rpartition("|")[2]) == list(shape.__struct_fields__)


def _envelopes() -> list[bytes]:
    """Every frozen envelope."""
    named = [frozen("account")[name] for name in ("identity", "certificate")] + [
        frozen("audit")["checkpoint"],
        *frozen("ledger")["entries"],
    ]
    named += [frozen("narrowing")[name] for name in ("chosen", "narrowed", "open", "pinned_anew")]
    named.append(frozen("keychain")["protection"])
    named += [frozen("binding")[name] for name in ("pinned", "chosen")] + [frozen("handover")[name] for name in ("handover", "remembered")]
    return named + [frozen("words")[name] for name in ("folder_trust", "folder_trust_by_device", "reveal", "deposit_key")]


# --- building blocks ------------------------------------------------------------------------------------------------------------------


def test_framing_and_derivation_and_signing_input():
    vector = frozen("blocks")
    fields = [text.encode() for text in vector["fields"]]
    assert frame(*fields) == vector["frame"]
    assert unframe(vector["frame"], 3, "test") == fields
    assert derive(vector["key"], b"agentsecrets/v1/ledger") == vector["derived"]
    assert pae("checkpoint", b"\x01{}") == vector["pae"]
    for spoiled in cut_or_grown(vector["frame"]):
        with pytest.raises(FormatUnknown):
            unframe(spoiled, 3, "test")


def test_a_seal():
    vector = frozen("blocks")
    assert unseal(vector["key"], vector["sealed"], vector["associated"]) == vector["plain"]
    _refused(vector["sealed"], lambda raw: unseal(vector["key"], raw, vector["associated"]), RecordCorrupt)
    _refused(vector["associated"], lambda raw: unseal(vector["key"], vector["sealed"], raw), RecordCorrupt)
    _refused(vector["key"], lambda raw: unseal(raw, vector["sealed"], vector["associated"]), RecordCorrupt)


def test_a_sealed_box():
    vector = frozen("blocks")
    key = SealingKey(vector["seed"])
    assert key.public == vector["public"]
    assert key.open(vector["box"]) == vector["plain"]
    _refused(vector["box"], key.open, RecordCorrupt)


# --- account --------------------------------------------------------------------------------------------------------------------------


def test_an_account_opens_with_its_password():
    vector = frozen("account")
    account = _account(vector["document"])
    assert stretch(vector["password"].encode(), account.kdf).wrap_key == vector["wrap_key"]
    person = open_person(account, vector["password"].encode())
    assert person.signing.seed() == vector["signing_seed"]
    assert person.unattended.sealing.seed() == vector["sealing_seed"]
    assert person.unattended.device.seed() == vector["device_seed"]
    assert person.unattended.pack() == vector["pack"]
    assert fingerprint(account.verified_identity()) == vector["fingerprint"]
    assert msgspec.json.encode(account) == vector["document"]


def test_an_account_opens_with_its_recovery_key():
    vector = frozen("account")
    key = RecoveryKey.read(vector["recovery_words"])
    assert key.wrap_key == vector["recovery_wrap_key"]
    assert open_person_by_recovery(_account(vector["document"]), key).unattended.pack() == vector["pack"]


@pytest.mark.parametrize("part", ["signing", "sealing", "device"])
def test_an_account_with_a_sealed_key_altered_does_not_open(part: str):
    vector = frozen("account")
    account = _account(vector["document"])
    assert account.recovery is not None
    password, recovery = vector["password"].encode(), RecoveryKey.read(vector["recovery_words"])
    with pytest.raises(WrongPassword):
        open_person(msgspec.structs.replace(account, sealed=_spoiled(account.sealed, part)), password)
    with pytest.raises(WrongRecoveryKey):
        open_person_by_recovery(msgspec.structs.replace(account, recovery=_spoiled(account.recovery, part)), recovery)


def _spoiled(keys: SealedKeys, part: str) -> SealedKeys:
    sealed = getattr(keys, part)
    return msgspec.structs.replace(keys, **{part: sealed[:-1] + bytes([sealed[-1] ^ 1])})


def test_an_identity():
    vector = frozen("account")
    signer = SigningKey(vector["signing_seed"])
    assert signer.sign(_identity()).encode() == vector["identity"]
    _refused(vector["identity"], verify_identity, FormatUnknown, SignatureInvalid)


def test_a_device_certificate():
    vector, account = frozen("account"), _account(frozen("account")["document"])
    assert account.certificate == vector["certificate"]

    def unpack(certificate: bytes) -> None:
        UnattendedKeys.unpack(vector["pack"], msgspec.structs.replace(account, certificate=certificate))

    unpack(vector["certificate"])
    _refused(vector["certificate"], unpack, FormatUnknown, SignatureInvalid)


def test_the_pack_of_keys_for_the_daemon():
    vector = frozen("account")
    account = _account(vector["document"])
    assert UnattendedKeys.unpack(vector["pack"], account).device.seed() == vector["device_seed"]
    # X25519 clears the lowest three bits of a private key's first byte (RFC 7748 §5), so that one of its bits may be turned
    ignored = 1 + 4
    for at, spoiled in enumerate(every_alteration(vector["pack"])):
        if at != ignored:
            with pytest.raises((FormatUnknown, SignatureInvalid)):
                UnattendedKeys.unpack(spoiled, account)
    for spoiled in cut_or_grown(vector["pack"]):
        with pytest.raises(FormatUnknown):
            UnattendedKeys.unpack(spoiled, account)


# --- keychain -------------------------------------------------------------------------------------------------------------------------


def test_an_account_opens_with_the_item_of_a_keychain():
    vector = frozen("keychain")
    account, key = _account(vector["document"]), read_item(vector["item"])
    assert account.keychain is not None
    assert account.keychain.item == vector["item_name"]
    assert account.keychain.pack == vector["pack"]
    assert written_item(key) == vector["item"]
    assert open_by_keychain(account, key).pack() == vector["pack_plain"]
    assert open_person(account, vector["password"].encode()).unattended.pack() == vector["pack_plain"]
    assert msgspec.json.encode(account) == vector["document"]


def test_what_lies_under_the_item_of_a_keychain_opens_with_nothing_else():
    vector = frozen("keychain")
    account, key = _account(vector["document"]), read_item(vector["item"])
    assert account.keychain is not None
    sealed = account.keychain

    def opened(pack: bytes) -> None:
        open_by_keychain(msgspec.structs.replace(account, keychain=msgspec.structs.replace(sealed, pack=pack)), key)

    _refused(vector["pack"], opened, KeychainItemWrong)
    _refused(key, lambda raw: open_by_keychain(account, raw), KeychainItemWrong)
    other_name = msgspec.structs.replace(account, keychain=msgspec.structs.replace(sealed, item="0" * 32))
    for other in (other_name, msgspec.structs.replace(account, protection="guarded"), _account(vector["guarded_document"])):
        with pytest.raises(KeychainItemWrong):
            open_by_keychain(other, key)


def test_the_item_of_a_keychain_is_read_in_one_way():
    item = frozen("keychain")["item"]
    for text in (item[:-2], item + "00", item.upper(), " " + item, "02" + item[2:], "", "é" * 66, item[:-1] + "x"):
        with pytest.raises(FormatUnknown):
            read_item(text)


@pytest.mark.parametrize(("document", "level"), [("document", "keychain"), ("guarded_document", "guarded")])
def test_an_account_that_was_moved_opens_with_the_recovery_key_from_before_at_the_level_that_the_person_signed(document: str, level: str):
    vector = frozen("keychain")
    account, key = _account(vector[document]), RecoveryKey.read(vector["recovery_words"])
    assert open_person_by_recovery(account, key).unattended.protection == level == account.protection
    assert verify_by_person(Envelope.decode(account.moved), account.verified_identity(), Protection).protection == level


def test_nobody_else_can_say_at_which_level_a_recovery_key_opens_an_account():
    vector = frozen("keychain")
    account, key = _account(vector["document"]), RecoveryKey.read(vector["recovery_words"])
    back = _account(vector["guarded_document"])

    def opened(word: bytes) -> None:
        open_person_by_recovery(msgspec.structs.replace(account, moved=word), key)

    _refused(vector["protection"], opened, WrongRecoveryKey)
    for word in (b"", back.moved):
        with pytest.raises(WrongRecoveryKey):
            opened(word)
    with pytest.raises(WrongPassword):
        open_person(msgspec.structs.replace(back, protection="keychain"), vector["password"].encode())


# --- workspace ------------------------------------------------------------------------------------------------------------------------


def test_a_grant_opens_with_the_sealing_key_and_gives_the_workspace_key():
    vector = frozen("ledger")
    grants = json.loads(Envelope.decode(vector["entries"][0]).payload[1:])["grants"]
    (grant,) = (base64.b64decode(text) for text in grants.values())
    keys = WorkspaceKeys.from_grant(grant, SealingKey(vector["sealing_seed"]))
    assert keys.ledger_key == vector["ledger_key"] == WorkspaceKeys(vector["workspace_key"]).ledger_key
    _refused(grant, lambda raw: WorkspaceKeys.from_grant(raw, SealingKey(vector["sealing_seed"])), RecordCorrupt)


def test_a_ledger_with_every_kind_of_entry():
    vector, identity = frozen("ledger"), _identity()
    entries = [Envelope.decode(raw) for raw in vector["entries"]]
    assert [entry.encode() for entry in entries] == vector["entries"]
    state = replay(entries, identity, vector["ledger_key"])
    assert state.public.head == vector["head"]
    assert state.name == "personal"
    assert [name for _, name in state.projects] == ["webshop"]
    assert [host.shown for _, host in state.allowed] == ["api.example.org"]
    assert {change.entry for change in state.history} == KINDS.keys()


@pytest.mark.parametrize("seq", range(8))
def test_a_ledger_with_any_bit_of_an_entry_turned_breaks_at_that_entry(seq: int):
    vector, identity = frozen("ledger"), _identity()
    entries = [Envelope.decode(raw) for raw in vector["entries"]]

    def opening(raw: bytes) -> None:
        replay([*entries[:seq], Envelope.decode(raw), *entries[seq + 1 :]], identity, vector["ledger_key"])

    for spoiled in every_alteration(vector["entries"][seq])[::5]:
        with pytest.raises((FormatUnknown, LedgerCorrupt)) as refused:
            opening(spoiled)
        assert refused.value.subjects.get("seq", str(seq)) == str(seq)


# --- vault ----------------------------------------------------------------------------------------------------------------------------


def _vault() -> tuple[Any, Place, bytes]:
    vector = frozen("record")
    place = Place(vector["workspace_id"], vector["project_id"], vector["environment"])
    return vector, place, WorkspaceKeys(vector["workspace_key"]).vault_key(place.project_id, place.environment)


@pytest.mark.parametrize("number", [0, 1])
def test_a_record(number: int):
    vector, place, vault_key = _vault()
    told = dict(vector["records"][number])
    digest = told.pop("digest")
    record = SealedRecord(**told)
    assert record.digest == digest
    assert open_head(vault_key, place, record).key == vector["key"]
    assert open_body(vault_key, place, record).reveal() == vector["values"][number]
    _refused(record.head, lambda raw: open_head(vault_key, place, SealedRecord(**{**told, "head": raw})), RecordCorrupt)
    _refused(record.body, lambda raw: open_body(vault_key, place, SealedRecord(**{**told, "body": raw})), RecordCorrupt)


def test_a_name_key():
    vector, place, vault_key = _vault()
    name_key = open_name_key(vault_key, vector["sealed_name_key"], place)
    assert name_key == vector["name_key"]
    assert record_id(name_key, vector["key"]) == vector["records"][0]["record_id"]
    _refused(vector["sealed_name_key"], lambda raw: open_name_key(vault_key, raw, place), RecordCorrupt)


@pytest.mark.parametrize("which", ["pinned", "chosen"])
def test_a_binding(which: str):
    vector, identity = frozen("binding"), _identity()
    keys = WorkspaceKeys(vector["workspace_key"])
    statement, binding, _ = read_binding(keys, identity, Envelope.decode(vector[which]))
    assert msgspec.json.encode(binding) == vector[f"{which}_plain"]
    assert statement.prev == ("" if which == "pinned" else Envelope.decode(vector["pinned"]).digest)
    _refused(vector[which], lambda raw: read_binding(keys, identity, Envelope.decode(raw)), *UNOPENED)


@pytest.mark.parametrize("which", ["narrowed", "open", "pinned_anew"])
def test_a_binding_that_rests_on_another(which: str):
    vector = frozen("narrowing")
    identity = verify_identity(vector["identity"])
    keys = WorkspaceKeys(vector["workspace_key"])
    statement, binding, _ = read_binding(keys, identity, Envelope.decode(vector[which]))
    assert msgspec.json.encode(binding) == vector[f"{which}_plain"]
    before = {"narrowed": "chosen", "open": "narrowed", "pinned_anew": "open"}[which]
    assert statement.prev == Envelope.decode(vector[before]).digest
    _refused(vector[which], lambda raw: read_binding(keys, identity, Envelope.decode(raw)), *UNOPENED)


def test_a_remembered_command():
    vector, identity = frozen("handover"), _identity()
    keys = WorkspaceKeys(vector["workspace_key"])

    def opening(raw: bytes) -> Remembered:
        return read_remembered(keys, vector["workspace_id"], identity, Envelope.decode(raw))[1]

    remembered = opening(vector["remembered"])
    assert msgspec.json.encode(remembered) == vector["remembered_plain"]
    assert remembered.id == vector["command_id"]
    _refused(vector["remembered"], opening, *UNOPENED)


# --- words ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "name", "shape", "by_device"),
    [
        ("words", "folder_trust", FolderTrust, False),
        ("words", "folder_trust_by_device", FolderTrust, True),
        ("words", "reveal", RevealRequest, False),
        ("words", "deposit_key", DepositOffer, True),
        ("handover", "handover", HandoverRequest, False),
    ],
)
def test_a_signed_statement(file: str, name: str, shape: type[Statement], by_device: bool):
    encoded, identity, account = frozen(file)[name], _identity(), frozen("account")
    statement = verify_by_either(Envelope.decode(encoded), identity, shape)
    signer = SigningKey(account["device_seed"], account["certificate"]) if by_device else SigningKey(account["signing_seed"])
    assert signer.sign(statement).encode() == encoded
    _refused(encoded, lambda raw: verify_by_either(Envelope.decode(raw), identity, shape), FormatUnknown, SignatureInvalid)
    with pytest.raises((SignatureInvalid, FormatUnknown)):
        (verify_by_person if by_device else verify_by_device)(Envelope.decode(encoded), identity, shape)


def test_trust_in_a_project_file():
    vector, identity = frozen("words"), _identity()
    content, path = vector["project_file"], vector["path"]
    assert parse_folder(content).environment == "staging"
    for word in (vector["folder_trust"], vector["folder_trust_by_device"]):
        assert is_trusted(word, identity, path, content)
        assert not any(is_trusted(word, identity, path, spoiled) for spoiled in every_alteration(content))
        assert not any(is_trusted(spoiled, identity, path, content) for spoiled in every_alteration(word))
        assert not is_trusted(word, identity, path + "/", content)


def test_a_deposit_and_a_revealed_value():
    vector = frozen("words")
    key = SealingKey(vector["deposit_seed"])
    assert open_deposit(key, vector["deposit_meant"], vector["deposit"]) == vector["value"]
    assert SealingKey(vector["reveal_seed"]).open(vector["revealed"]) == vector["value"]
    _refused(vector["deposit"], lambda raw: open_deposit(key, vector["deposit_meant"], raw), RecordCorrupt)
    _refused(vector["revealed"], SealingKey(vector["reveal_seed"]).open, RecordCorrupt)


# --- log ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["audit", "audit_short"])
def test_rows_of_the_log_and_their_chain(name: str):
    before = START
    for row, short in zip(frozen(name)["rows"], frozen("audit_short")["rows"], strict=True):
        event = decode(row["payload"])
        assert encode(event) == short["payload"]
        assert (event.id, event.phase) == (row["id"], row["phase"])
        assert link(before, row["payload"]) == row["hash"]
        assert all(link(before, spoiled) != row["hash"] for spoiled in every_alteration(row["payload"]))
        before = row["hash"]


def test_a_checkpoint():
    vector, identity = frozen("audit"), _identity()
    word = verify_by_device(Envelope.decode(vector["checkpoint"]), identity, Checkpoint)
    assert (word.index, word.hash) == (3, vector["rows"][3]["hash"].hex())
    _refused(
        vector["checkpoint"], lambda raw: verify_by_device(Envelope.decode(raw), identity, Checkpoint), FormatUnknown, SignatureInvalid
    )


# --- files ----------------------------------------------------------------------------------------------------------------------------


def test_a_session_file():
    content = frozen("files")["session"]
    session = read_session(content)
    assert (session.encode(), session.port) == (content, 8765)
    for spoiled in (content[:-3], content.replace(b"as_sess_", b"as_ses__"), content.replace(b"5e", b"5g", 1), b"\xff", b""):
        with pytest.raises(FormatUnknown):
            read_session(spoiled)


def test_frames_of_a_call():
    content = frozen("files")["frames"]
    made = (call_frame(b"o", b"{}"), call_frame(b"e", b"error: no\n"), call_frame(b"p", b"{}"), call_frame(b"x", b"\x04"))
    assert b"".join(made) == content


def _account(document: bytes) -> SealedAccount:
    return msgspec.json.decode(document, type=SealedAccount)
