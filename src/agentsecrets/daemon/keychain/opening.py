"""Opening a vault by the keychain of the operating system."""

from __future__ import annotations

from agentsecrets.crypto.keys import SealedAccount, UnattendedKeys
from agentsecrets.crypto.levels import open_by_keychain
from agentsecrets.errors import FormatUnknown, KeychainItemMissing, KeychainItemWrong
from agentsecrets.ports import Keychain


def keys_by_keychain(account: SealedAccount, keychain: Keychain) -> UnattendedKeys:
    """What the daemon holds, opened by the keychain's item.

    Raises:
        KeychainMissing, KeychainLocked, KeychainSilent, KeychainRefused
        KeychainItemMissing: When the keychain does not have it, or the account is of another level.
        KeychainItemWrong, SignatureInvalid: When it does not open this account.
    """
    if account.keychain is None:
        raise KeychainItemMissing
    try:
        key = keychain.read(account.keychain.item)
    except FormatUnknown:
        raise KeychainItemWrong from None
    if key is None:
        raise KeychainItemMissing
    return open_by_keychain(account, key)
