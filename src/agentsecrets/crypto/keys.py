"""The keys of an account, how they lie sealed on disk, and what an unlocked daemon holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from agentsecrets.crypto.boxes import SealingKey
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.framing import frame, unframe
from agentsecrets.crypto.passwords import KdfParams, new_params, stretch
from agentsecrets.crypto.recovery import RecoveryKey
from agentsecrets.crypto.sealing import seal, unseal
from agentsecrets.crypto.signing import SEED_BYTES, SigningKey
from agentsecrets.crypto.verify import verify_by_person, verify_identity
from agentsecrets.errors import FormatUnknown, RecordCorrupt, SignatureInvalid, WrongPassword, WrongRecoveryKey
from agentsecrets.model.place import new_id
from agentsecrets.model.protection import GUARDED, LEVELS
from agentsecrets.model.statement import DeviceCertificate, Identity, Protection

_PACK_VERSION = b"\x01"
_PACK = "key pack"


class SealedKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's private keys, each sealed under one wrap key."""

    signing: bytes
    sealing: bytes
    device: bytes


class KeychainKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the daemon holds, sealed under a key that lies in the keychain of the operating system.

    Attributes:
        item: Name of the keychain's item.
        pack: ``UnattendedKeys.pack``, sealed.
    """

    item: str
    pack: bytes


class SealedAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An account as it lies on disk: nothing in it opens without the password, the recovery key, or the item of a keychain.

    Attributes:
        identity: Encoded self-signed identity.
        certificate: Encoded certificate of this machine's device key.
        sealed: The person's signing key (opened only by the presence program, for one signature), the person's sealing key, and this
            machine's device key, under the password.
        recovery: The same under the recovery key; None when there is none.
        protection: How the daemon gets its keys (``model.protection``). It is authenticated with each of them: no other program can
            lower it.
        keychain: What the daemon gets at level ``keychain``; None at the others.
        moved: The person's encoded word for ``protection``, empty while it is the one that the account began with: the keys under the
            recovery key stay as they were sealed then.
    """

    account_id: str
    email: str
    kdf: KdfParams
    identity: bytes
    certificate: bytes
    sealed: SealedKeys
    recovery: SealedKeys | None = None
    protection: str
    keychain: KeychainKeys | None = None
    moved: bytes = b""

    def verified_identity(self) -> Identity:
        """The identity, its signature checked against itself.

        Raises:
            SignatureInvalid: When it was altered or belongs to another account.
        """
        identity = verify_identity(self.identity)
        if identity.account_id != self.account_id or identity.email != self.email:
            raise SignatureInvalid
        return identity


@dataclass(frozen=True, slots=True)
class UnattendedKeys:
    """What the unlocked daemon holds: it opens grants and signs what an agent may do unattended; it cannot sign for the person.

    Attributes:
        sealing: The person's sealing key.
        device: This machine's device key.
        person: The public half of the person's signing key, from the password and not from the disk: whose word counts.
        protection: The level that the password vouched for.
    """

    sealing: SealingKey
    device: SigningKey
    person: bytes
    protection: str

    def pack(self) -> bytes:
        """The keys as bytes, for the socket between presence program and daemon."""
        return _PACK_VERSION + frame(self.sealing.seed(), self.device.seed(), self.person, self.protection.encode())

    @classmethod
    def unpack(cls, packed: bytes, account: SealedAccount) -> UnattendedKeys:
        """Reads what ``pack`` wrote, and checks that the account, which may have been replaced on disk meanwhile, is that person's.

        Raises:
            FormatUnknown: When it is not a pack.
            SignatureInvalid: When keys and account do not belong together.
        """
        if packed[:1] != _PACK_VERSION:
            raise FormatUnknown(kind=_PACK)
        sealing, device, person, protection = unframe(packed[1:], 4, _PACK)
        if any(len(key) != SEED_BYTES for key in (sealing, device, person)):
            raise FormatUnknown(kind=_PACK)
        if protection != account.protection.encode():
            raise SignatureInvalid
        keys = cls(SealingKey(sealing), SigningKey(device, account.certificate), person, account.protection)
        _check(keys, account)
        return keys


@dataclass(frozen=True, slots=True)
class OpenPerson:
    """All private keys of a person: exists only inside the presence program."""

    signing: SigningKey
    unattended: UnattendedKeys


def new_account(email: str, password: bytes, now_ms: int) -> tuple[SealedAccount, OpenPerson]:
    """Makes all keys of a new account and seals them under a password."""
    account_id, signing, sealing, device = new_id(), SigningKey.generate(), SealingKey.generate(), SigningKey.generate()
    identity = signing.sign(Identity(account_id=account_id, email=email, signing=signing.public, sealing=sealing.public))
    word = DeviceCertificate(account_id=account_id, device_id=new_id(), device=device.public, time_ms=now_ms)
    device = SigningKey(device.seed(), signing.sign(word).encode())
    person = OpenPerson(signing, UnattendedKeys(sealing, device, signing.public, GUARDED))
    kdf = new_params()
    associated = _by_password(account_id, GUARDED, kdf)
    account = SealedAccount(
        account_id=account_id,
        email=email,
        kdf=kdf,
        identity=identity.encode(),
        certificate=device.certificate,
        sealed=_sealed(person, stretch(password, kdf).wrap_key, associated),
        protection=GUARDED,
    )
    return account, person


def with_password(account: SealedAccount, person: OpenPerson, password: bytes) -> SealedAccount:
    """The account with its keys sealed under another password, with a fresh salt; what is under the recovery key stays."""
    kdf = new_params()
    associated = _by_password(account.account_id, account.protection, kdf)
    return replace(account, kdf=kdf, sealed=_sealed(person, stretch(password, kdf).wrap_key, associated))


def with_recovery(account: SealedAccount, person: OpenPerson, key: RecoveryKey) -> SealedAccount:
    """The account with its keys also sealed under a recovery key; one that there was before opens nothing any more."""
    return replace(account, recovery=_sealed(person, key.wrap_key, _by_recovery(account.account_id, account.protection)))


def open_person(account: SealedAccount, password: bytes) -> OpenPerson:
    """Opens a person's keys with one Argon2id.

    Raises:
        WrongPassword: When the password does not open them, or what is stored beside them was altered.
        SignatureInvalid: When the account's parts do not belong together.
    """
    associated = _by_password(account.account_id, account.protection, account.kdf)
    try:
        return _opened(account, account.sealed, stretch(password, account.kdf).wrap_key, associated)
    except RecordCorrupt:
        raise WrongPassword from None


def open_person_by_recovery(account: SealedAccount, key: RecoveryKey) -> OpenPerson:
    """Opens a person's keys with the recovery key.

    Raises:
        WrongRecoveryKey: When it does not open them, when there is none, or when what is stored beside them was altered.
        SignatureInvalid: When the account's parts do not belong together.
    """
    if account.recovery is None:
        raise WrongRecoveryKey
    for began in LEVELS:
        try:
            person = _opened(account, account.recovery, key.wrap_key, _by_recovery(account.account_id, began.name))
        except RecordCorrupt:
            continue
        if began.name != account.protection:
            _check_moved(account)
        return person
    raise WrongRecoveryKey


Associated = Callable[[bytes], bytes]
"""From a part (``signing``, ``sealing``, ``device``) to what is authenticated with it."""


def _sealed(person: OpenPerson, wrap_key: bytes, associated: Associated) -> SealedKeys:
    return SealedKeys(
        signing=seal(wrap_key, person.signing.seed(), associated(b"signing")),
        sealing=seal(wrap_key, person.unattended.sealing.seed(), associated(b"sealing")),
        device=seal(wrap_key, person.unattended.device.seed(), associated(b"device")),
    )


def _opened(account: SealedAccount, sealed: SealedKeys, wrap_key: bytes, associated: Associated) -> OpenPerson:
    signing = SigningKey(unseal(wrap_key, sealed.signing, associated(b"signing")))
    sealing = SealingKey(unseal(wrap_key, sealed.sealing, associated(b"sealing")))
    device = SigningKey(unseal(wrap_key, sealed.device, associated(b"device")), account.certificate)
    keys = UnattendedKeys(sealing, device, signing.public, account.protection)
    _check(keys, account)
    return OpenPerson(signing, keys)


def _by_password(account_id: str, protection: str, kdf: KdfParams) -> Associated:
    return lambda part: frame(b"account-key", part, account_id.encode(), protection.encode(), kdf.encoded())


def _by_recovery(account_id: str, protection: str) -> Associated:
    return lambda part: frame(b"recovery-key", part, account_id.encode(), protection.encode())


def _check_moved(account: SealedAccount) -> None:
    try:
        word = verify_by_person(Envelope.decode(account.moved), account.verified_identity(), Protection)
    except (FormatUnknown, SignatureInvalid):
        raise WrongRecoveryKey from None
    if word.protection != account.protection:
        raise WrongRecoveryKey


def _check(keys: UnattendedKeys, account: SealedAccount) -> None:
    identity = account.verified_identity()
    certificate = verify_by_person(Envelope.decode(account.certificate), identity, DeviceCertificate)
    if (identity.signing, identity.sealing, certificate.device) != (keys.person, keys.sealing.public, keys.device.public):
        raise SignatureInvalid
