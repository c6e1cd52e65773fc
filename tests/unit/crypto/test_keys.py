"""The keys of an account: what opens them, and what is refused because it does not belong together."""

from __future__ import annotations

import msgspec
import pytest

from agentsecrets.crypto.framing import frame
from agentsecrets.crypto.keys import (
    OpenPerson,
    SealedAccount,
    UnattendedKeys,
    new_account,
    open_person,
    open_person_by_recovery,
    with_password,
    with_recovery,
)
from agentsecrets.crypto.recovery import RecoveryKey
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.errors import AgentSecretsError, FormatUnknown, SignatureInvalid, WrongPassword, WrongRecoveryKey
from agentsecrets.model.statement import DeviceCertificate, Identity

PASSWORD = b"violet-harbour-quartz-meadow"

Made = tuple[SealedAccount, OpenPerson]


@pytest.fixture(scope="module")
def ada() -> Made:
    return new_account("ada@example.com", PASSWORD, 1_000)


@pytest.fixture(scope="module")
def eve() -> Made:
    return new_account("eve@example.com", b"another-password-altogether", 1_000)


def _in_the_name_of(ada: Made) -> tuple[SealedAccount, SigningKey]:
    """Ada's account with a signing key of somebody else, self-consistent all the same, and that key."""
    account, person = ada
    stranger = SigningKey.generate()
    identity = Identity(
        account_id=account.account_id, email=account.email, signing=stranger.public, sealing=person.unattended.sealing.public
    )
    device = DeviceCertificate(account_id=account.account_id, device_id="d", device=person.unattended.device.public, time_ms=1)
    swapped = msgspec.structs.replace(account, identity=stranger.sign(identity).encode(), certificate=stranger.sign(device).encode())
    return swapped, stranger


def test_the_password_opens_all_three_keys(ada: Made):
    account, person = ada
    opened = open_person(account, PASSWORD)
    assert opened.signing.seed() == person.signing.seed()
    assert opened.unattended.pack() == person.unattended.pack()


@pytest.mark.parametrize("password", [b"", PASSWORD + b" ", PASSWORD[:-1], PASSWORD.upper()])
def test_no_other_password_does(ada: Made, password: bytes):
    with pytest.raises(WrongPassword):
        open_person(ada[0], password)


def test_a_pack_comes_back_as_it_was(ada: Made):
    account, person = ada
    keys = UnattendedKeys.unpack(person.unattended.pack(), account)
    assert (keys.sealing.public, keys.device.public, keys.person) == (
        person.unattended.sealing.public, person.unattended.device.public, person.signing.public,
    )  # fmt: skip
    assert keys.device.certificate == account.certificate


def test_a_daemon_refuses_an_account_that_was_replaced_after_the_password_was_typed(ada: Made):
    swapped, _ = _in_the_name_of(ada)
    assert swapped.verified_identity().signing != ada[1].signing.public
    with pytest.raises(SignatureInvalid):
        UnattendedKeys.unpack(ada[1].unattended.pack(), swapped)


def test_a_person_s_keys_do_not_open_under_somebody_else_s_identity(ada: Made):
    swapped, _ = _in_the_name_of(ada)
    with pytest.raises(SignatureInvalid):
        open_person(swapped, PASSWORD)


@pytest.mark.parametrize("part", ["signing", "sealing", "device"])
@pytest.mark.parametrize("other", ["signing", "sealing", "device"])
def test_a_sealed_key_does_not_open_in_the_place_of_another(ada: Made, part: str, other: str):
    keys = msgspec.structs.replace(ada[0].sealed, **{part: getattr(ada[0].sealed, other)})
    account = msgspec.structs.replace(ada[0], sealed=keys)
    if part == other:
        assert open_person(account, PASSWORD).signing.public == ada[1].signing.public
        return
    with pytest.raises(WrongPassword):
        open_person(account, PASSWORD)


def test_another_password_opens_the_same_keys_and_the_old_one_opens_nothing(ada: Made):
    changed = with_password(ada[0], ada[1], b"another-password-altogether")
    assert changed.kdf.salt != ada[0].kdf.salt
    assert open_person(changed, b"another-password-altogether").unattended.pack() == ada[1].unattended.pack()
    with pytest.raises(WrongPassword):
        open_person(changed, PASSWORD)


def test_a_recovery_key_opens_the_same_keys_and_outlives_a_change_of_the_password(ada: Made):
    key = RecoveryKey.generate()
    account = with_password(with_recovery(ada[0], ada[1], key), ada[1], b"another-password-altogether")
    assert open_person_by_recovery(account, key).unattended.pack() == ada[1].unattended.pack()
    assert open_person_by_recovery(account, RecoveryKey.read(key.words.upper())).signing.public == ada[1].signing.public


def test_only_the_newest_recovery_key_opens_an_account_and_none_opens_one_without(ada: Made):
    old, new = RecoveryKey.generate(), RecoveryKey.generate()
    account = with_recovery(with_recovery(ada[0], ada[1], old), ada[1], new)
    for refused, sealed in ((old, account), (new, ada[0])):
        with pytest.raises(WrongRecoveryKey):
            open_person_by_recovery(sealed, refused)


def test_a_recovery_key_opens_no_other_account_and_no_other_level(ada: Made, eve: Made):
    key = RecoveryKey.generate()
    account = with_recovery(ada[0], ada[1], key)
    for other in (msgspec.structs.replace(eve[0], recovery=account.recovery), msgspec.structs.replace(account, protection="keychain")):
        with pytest.raises(WrongRecoveryKey):
            open_person_by_recovery(other, key)


@pytest.mark.parametrize("level", ["keychain", "", "Guarded", "guarded\0"])
def test_the_protection_level_cannot_be_lowered_on_disk(ada: Made, level: str):
    lowered = msgspec.structs.replace(ada[0], protection=level)
    with pytest.raises(WrongPassword):
        open_person(lowered, PASSWORD)
    with pytest.raises(SignatureInvalid):
        UnattendedKeys.unpack(ada[1].unattended.pack(), lowered)


@pytest.mark.parametrize("part", ["identity", "certificate", "sealed", "account_id", "email", "kdf"])
def test_a_part_of_another_account_does_not_fit(ada: Made, eve: Made, part: str):
    mixed = msgspec.structs.replace(ada[0], **{part: getattr(eve[0], part)})
    with pytest.raises((WrongPassword, SignatureInvalid)):
        open_person(mixed, PASSWORD)


@pytest.mark.parametrize(
    "packed",
    [b"", b"\x01", b"\x02" + frame(*[bytes(32)] * 3, b"guarded"), b"\x01" + frame(*[bytes(32)] * 3), b"\x01" + frame(b"", b"", b"", b""),
     b"\x01" + frame(bytes(31), bytes(32), bytes(32), b"guarded"), b"\x01" + frame(bytes(32), bytes(33), bytes(32), b"guarded")],
)  # fmt: skip
def test_what_is_no_pack_is_refused_by_name(ada: Made, packed: bytes):
    with pytest.raises(FormatUnknown):
        UnattendedKeys.unpack(packed, ada[0])


def test_keys_show_nothing_of_themselves(ada: Made):
    account, person = ada
    shown = f"{person!r} {person.signing!r} {person.unattended!r} {person.unattended.sealing!r}"
    for seed in (person.signing.seed(), person.unattended.sealing.seed(), person.unattended.device.seed()):
        assert seed.hex() not in shown
        assert repr(seed) not in shown
        assert seed not in msgspec.json.encode(account)


def test_a_failure_to_open_says_nothing_of_the_password(ada: Made):
    with pytest.raises(AgentSecretsError) as refused:
        open_person(ada[0], b"hunter2hunter2")
    assert "hunter2" not in f"{refused.value!r} {refused.value.message} {refused.value.hint} {refused.value.subjects}"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
