"""Moving an account between levels of protection, and opening it by the operating system's keychain."""

from __future__ import annotations

from msgspec.structs import replace

from agentsecrets.crypto.framing import frame
from agentsecrets.crypto.keys import KeychainKeys, OpenPerson, SealedAccount, UnattendedKeys, with_password
from agentsecrets.crypto.sealing import KEY_BYTES, new_key, seal, unseal
from agentsecrets.errors import FormatUnknown, KeychainItemWrong, RecordCorrupt
from agentsecrets.model.place import new_id
from agentsecrets.model.protection import GUARDED, KEYCHAIN
from agentsecrets.model.statement import Protection

_ITEM_VERSION = b"\x01"


def new_item() -> tuple[str, bytes]:
    """A fresh item of a keychain: a name that no other has, and a random key, which is all that it holds."""
    return new_id(), new_key()


def written_item(key: bytes) -> str:
    """The same as keychains keep it: text."""
    return (_ITEM_VERSION + key).hex()


def read_item(text: str) -> bytes:
    """Reads what ``written_item`` wrote.

    Raises:
        FormatUnknown: When it is something else; no part of it is repeated.
    """
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if raw[:1] != _ITEM_VERSION or len(raw) != 1 + KEY_BYTES or text != raw.hex():
        raise FormatUnknown(kind="keychain item")
    return raw[1:]


def at_guarded(account: SealedAccount, person: OpenPerson, password: bytes, now_ms: int) -> tuple[SealedAccount, OpenPerson]:
    """The account at level ``guarded``: nothing of it opens without the password or the recovery key."""
    return _at(GUARDED, account, person, password, now_ms)


def at_keychain(
    account: SealedAccount, person: OpenPerson, password: bytes, now_ms: int, item: tuple[str, bytes]
) -> tuple[SealedAccount, OpenPerson]:
    """The account at level ``keychain``: what the daemon holds lies also under the key of a keychain's item.

    Args:
        account: As it is sealed now.
        person: Its keys.
        password: The account password; under it lies all that there is, at every level.
        now_ms: The time to write into the person's word.
        item: Name of the item, and its key.
    """
    name, key = item
    moved, keys = _at(KEYCHAIN, account, person, password, now_ms)
    pack = seal(key, keys.unattended.pack(), _associated(moved, name))
    return replace(moved, keychain=KeychainKeys(item=name, pack=pack)), keys


def open_by_keychain(account: SealedAccount, key: bytes) -> UnattendedKeys:
    """Opens what the daemon holds by the key of the keychain's item.

    Raises:
        KeychainItemWrong: When it is not the key of this account, or the account does not open by a keychain.
        SignatureInvalid: When the account's parts do not belong together.
    """
    sealed = account.keychain
    if sealed is None:
        raise KeychainItemWrong
    try:
        pack = unseal(key, sealed.pack, _associated(account, sealed.item))
    except RecordCorrupt:
        raise KeychainItemWrong from None
    return UnattendedKeys.unpack(pack, account)


def _at(level: str, account: SealedAccount, person: OpenPerson, password: bytes, now_ms: int) -> tuple[SealedAccount, OpenPerson]:
    word = person.signing.sign(Protection(account_id=account.account_id, protection=level, time_ms=now_ms)).encode()
    keys = OpenPerson(person.signing, UnattendedKeys(person.unattended.sealing, person.unattended.device, person.unattended.person, level))
    return with_password(replace(account, protection=level, moved=word, keychain=None), keys, password), keys


def _associated(account: SealedAccount, item: str) -> bytes:
    return frame(b"keychain-key", account.account_id.encode(), account.protection.encode(), item.encode())
