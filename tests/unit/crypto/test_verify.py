"""Who signed what: no signature counts for another kind, another account, another key or another sealed part."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsecrets.crypto.envelope import Envelope, hash_of
from agentsecrets.crypto.framing import frame, pae, unframe
from agentsecrets.crypto.keys import OpenPerson, SealedAccount, new_account
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.crypto.verify import (
    check_signature,
    fingerprint,
    verify,
    verify_by_device,
    verify_by_either,
    verify_by_person,
    verify_identity,
)
from agentsecrets.errors import AgentSecretsError, FormatUnknown, SignatureInvalid
from agentsecrets.model.statement import (
    BindingStatement,
    DeviceCertificate,
    FolderTrust,
    Identity,
    Statement,
)

Made = tuple[SealedAccount, OpenPerson]
KINDS: tuple[type[Statement], ...] = tuple(Statement.__subclasses__())


@pytest.fixture(scope="module")
def ada() -> Made:
    return new_account("ada@example.com", b"violet-harbour-quartz-meadow", 1_000)


@pytest.fixture(scope="module")
def eve() -> Made:
    return new_account("eve@example.com", b"violet-harbour-quartz-meadow", 1_000)


def _trust(account_id: str) -> FolderTrust:
    return FolderTrust(account_id=account_id, path="/p", sha256="0" * 64, time_ms=1)


def test_every_kind_of_statement_has_a_name_of_its_own():
    assert len({kind.kind for kind in KINDS}) == len(KINDS)
    assert all(kind.kind for kind in KINDS)


@pytest.mark.parametrize("shape", KINDS, ids=lambda shape: shape.kind)
def test_a_signed_word_does_not_count_as_another_kind(ada: Made, shape: type[Statement]):
    account, person = ada
    envelope = person.signing.sign(_trust(account.account_id))
    for named in (envelope, replace(envelope, kind=shape.kind)):
        if shape is FolderTrust:
            verify_by_person(named, account.verified_identity(), shape)
        else:
            with pytest.raises(SignatureInvalid):
                verify_by_person(named, account.verified_identity(), shape)


def test_a_person_s_word_and_a_device_s_word_are_told_apart(ada: Made):
    account, person = ada
    identity = account.verified_identity()
    by_person, by_device = person.signing.sign(_trust(account.account_id)), person.unattended.device.sign(_trust(account.account_id))
    assert verify_by_either(by_person, identity, FolderTrust) == verify_by_either(by_device, identity, FolderTrust)
    for check, envelope in (
        (verify_by_person, by_device),
        (verify_by_device, by_person),
        (verify_by_person, replace(by_device, certificate=b"")),
        (verify_by_device, replace(by_person, certificate=by_device.certificate)),
    ):
        with pytest.raises((SignatureInvalid, FormatUnknown)):
            check(envelope, identity, FolderTrust)


def test_another_account_s_word_does_not_count(ada: Made, eve: Made):
    identity = ada[0].verified_identity()
    for envelope in (
        eve[1].signing.sign(_trust(ada[0].account_id)),
        eve[1].unattended.device.sign(_trust(ada[0].account_id)),
        replace(eve[1].unattended.device.sign(_trust(ada[0].account_id)), certificate=ada[0].certificate),
        replace(ada[1].unattended.device.sign(_trust(ada[0].account_id)), certificate=eve[0].certificate),
    ):
        with pytest.raises(SignatureInvalid):
            verify_by_either(envelope, identity, FolderTrust)


def test_a_word_that_names_another_account_does_not_count_whoever_signed_it(ada: Made, eve: Made):
    for signer in (ada[1].signing, ada[1].unattended.device):
        with pytest.raises(SignatureInvalid):
            verify_by_either(signer.sign(_trust(eve[0].account_id)), ada[0].verified_identity(), FolderTrust)


def test_a_device_certifies_no_further_device(ada: Made):
    account, person = ada
    second = SigningKey.generate()
    word = DeviceCertificate(account_id=account.account_id, device_id="d", device=second.public, time_ms=1)
    chained = person.unattended.device.sign(word)
    for certificate in (chained.encode(), replace(chained, certificate=b"").encode(), second.sign(word).encode()):
        envelope = SigningKey(second.seed(), certificate).sign(_trust(account.account_id))
        with pytest.raises(SignatureInvalid):
            verify_by_device(envelope, account.verified_identity(), FolderTrust)


def test_nothing_can_be_hung_on_a_statement_that_seals_nothing(ada: Made):
    account, person = ada
    envelope = person.signing.sign(_trust(account.account_id))
    with pytest.raises(SignatureInvalid):
        verify_by_person(replace(envelope, sealed=b"x"), account.verified_identity(), FolderTrust)


def test_the_sealed_part_is_the_one_that_was_signed(ada: Made):
    account, person = ada
    word = BindingStatement(
        workspace_id="w",
        project_id="p",
        binding_id="b",
        prev="",
        author=account.account_id,
        epoch=1,
        time_ms=1,
        sealed_hash=hash_of(b"box"),
    )
    envelope = person.signing.sign(word, b"box")
    assert verify_by_person(envelope, account.verified_identity(), BindingStatement) == word
    for sealed in (b"", b"Box", b"box\0"):
        with pytest.raises(SignatureInvalid):
            verify_by_person(replace(envelope, sealed=sealed), account.verified_identity(), BindingStatement)


@pytest.mark.parametrize("key", [bytes(32), b"\x01" + bytes(31), bytes(31), b"", b"\xff" * 32, bytes.fromhex("ec" + "ff" * 30 + "7f")])
def test_a_signature_of_zeros_counts_under_no_key(key: bytes):
    with pytest.raises(SignatureInvalid):
        check_signature(key, bytes(64), b"anything")


def test_an_identity_signs_itself_and_carries_whole_keys(ada: Made, eve: Made):
    signer = SigningKey.generate()
    whole = Identity(account_id="a", email="e", signing=signer.public, sealing=bytes(32))
    assert verify_identity(signer.sign(whole).encode()) == whole
    for claimed in (
        eve[1].signing.sign(whole),
        signer.sign(msgspec.structs.replace(whole, sealing=bytes(31))),
        signer.sign(msgspec.structs.replace(whole, signing=b"")),
        replace(signer.sign(whole), certificate=ada[0].certificate),
        replace(signer.sign(whole), sealed=b"x"),
    ):
        with pytest.raises(SignatureInvalid):
            verify_identity(claimed.encode())


def test_a_fingerprint_is_eight_groups_of_eight_and_covers_both_keys(ada: Made):
    identity = ada[0].verified_identity()
    shown = fingerprint(identity)
    assert [len(group) for group in shown.split(" ")] == [8] * 8
    others = (msgspec.structs.replace(identity, sealing=bytes(32)), msgspec.structs.replace(identity, signing=bytes(32)))
    assert shown not in {fingerprint(other) for other in others}


@pytest.mark.parametrize(
    "payload",
    [b"", b"\x01", b"\x02{}", b"{}", b"\x01{}", b"\x01[]", b"\x01null", b'\x01{"account_id":"\xff"}', b"\x01" + b"[" * 5000,
     b'\x01{"account_id":"a","path":"p","sha256":"","time_ms":1,"also":1}', b'\x01{"account_id":"a","path":"p","sha256":"","time_ms":"1"}'],
)  # fmt: skip
def test_a_signed_payload_of_another_shape_is_unknown(payload: bytes):
    key = SigningKey.generate()

    class Raw(FolderTrust, frozen=True, kw_only=True):
        def payload(self) -> bytes:
            return payload

    envelope = key.sign(Raw(account_id="a", path="p", sha256="", time_ms=1))
    with pytest.raises(FormatUnknown):
        verify(envelope, key.public, FolderTrust)


@given(fields=st.lists(st.binary(max_size=9), max_size=6))
def test_what_is_framed_comes_apart_again_in_one_way_only(fields: list[bytes]):
    framed = frame(*fields)
    assert unframe(framed, len(fields), "test") == fields
    for count in {len(fields) - 1, len(fields) + 1} - {-1}:
        with pytest.raises(FormatUnknown):
            unframe(framed, count, "test")


@given(one=st.lists(st.binary(max_size=5), max_size=4), other=st.lists(st.binary(max_size=5), max_size=4))
def test_no_two_lists_of_fields_give_the_same_bytes(one: list[bytes], other: list[bytes]):
    assert (frame(*one) == frame(*other)) == (one == other)


@given(raw=st.binary(max_size=80))
def test_any_bytes_are_an_envelope_or_of_unknown_form(raw: bytes):
    for encoded in (raw, b"\x01" + raw):
        try:
            assert Envelope.decode(encoded).encode() == encoded
        except FormatUnknown:
            continue


@given(
    one=st.tuples(st.text("abc-", max_size=4), st.binary(max_size=6)), other=st.tuples(st.text("abc-", max_size=4), st.binary(max_size=6))
)
def test_what_is_signed_tells_kind_and_payload_apart(one: tuple[str, bytes], other: tuple[str, bytes]):
    assert (pae(*one) == pae(*other)) == (one == other)


def test_no_refusal_repeats_what_it_refused():
    with pytest.raises(AgentSecretsError) as refused:
        Envelope.decode(b"sk_live_in_the_wrong_place")
    assert "sk_live" not in f"{refused.value!r}{refused.value.hint}{refused.value.subjects}"
