"""The keys of an account, how they lie sealed on disk, and what an unlocked daemon holds."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from agentsecrets.crypto.boxes import SealingKey
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.framing import frame, unframe
from agentsecrets.crypto.passwords import KdfParams, new_params, stretch
from agentsecrets.crypto.sealing import seal, unseal
from agentsecrets.crypto.signing import SEED_BYTES, SigningKey
from agentsecrets.crypto.verify import verify_by_person, verify_identity
from agentsecrets.errors import FormatUnknown, RecordCorrupt, SignatureInvalid, WrongPassword
from agentsecrets.model.place import new_id
from agentsecrets.model.statement import DeviceCertificate, Identity

_PACK_VERSION = b"\x01"
_PACK = "key pack"
GUARDED = "guarded"


class SealedAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account as it lies on disk: nothing in it opens without the password.

    Attributes:
        identity: Encoded self-signed identity.
        certificate: Encoded certificate of this machine's device key.
        sealed_signing: The person's signing key, opened only by the presence program for one signature.
        sealed_sealing: The person's sealing key.
        sealed_device: This machine's device key.
        protection: ``guarded``: how the daemon gets its keys. It is authenticated with each of them: no other program can lower it.
    """

    account_id: str
    email: str
    kdf: KdfParams
    identity: bytes
    certificate: bytes
    sealed_signing: bytes
    sealed_sealing: bytes
    sealed_device: bytes
    protection: str = GUARDED

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
    kdf = new_params()
    wrap_key = stretch(password, kdf).wrap_key

    def sealed(key: SigningKey | SealingKey, part: bytes) -> bytes:
        return seal(wrap_key, key.seed(), _associated(account_id, GUARDED, kdf, part))

    account = SealedAccount(
        account_id=account_id,
        email=email,
        kdf=kdf,
        identity=identity.encode(),
        certificate=device.certificate,
        sealed_signing=sealed(signing, b"signing"),
        sealed_sealing=sealed(sealing, b"sealing"),
        sealed_device=sealed(device, b"device"),
    )
    return account, OpenPerson(signing, UnattendedKeys(sealing, device, signing.public, account.protection))


def open_person(account: SealedAccount, password: bytes) -> OpenPerson:
    """Opens a person's keys with one Argon2id.

    Raises:
        WrongPassword: When the password does not open them, or what is stored beside them was altered.
        SignatureInvalid: When the account's parts do not belong together.
    """
    wrap_key = stretch(password, account.kdf).wrap_key
    sealed = {b"signing": account.sealed_signing, b"sealing": account.sealed_sealing, b"device": account.sealed_device}
    try:
        seeds = {
            part: unseal(wrap_key, box, _associated(account.account_id, account.protection, account.kdf, part))
            for part, box in sealed.items()
        }
    except RecordCorrupt:
        raise WrongPassword from None
    signing = SigningKey(seeds[b"signing"])
    keys = UnattendedKeys(
        SealingKey(seeds[b"sealing"]), SigningKey(seeds[b"device"], account.certificate), signing.public, account.protection
    )
    _check(keys, account)
    return OpenPerson(signing, keys)


def _associated(account_id: str, protection: str, kdf: KdfParams, part: bytes) -> bytes:
    return frame(b"account-key", part, account_id.encode(), protection.encode(), kdf.encoded())


def _check(keys: UnattendedKeys, account: SealedAccount) -> None:
    identity = account.verified_identity()
    certificate = verify_by_person(Envelope.decode(account.certificate), identity, DeviceCertificate)
    if (identity.signing, identity.sealing, certificate.device) != (keys.person, keys.sealing.public, keys.device.public):
        raise SignatureInvalid
