"""Moving an account between levels of protection, so that whatever cuts it off leaves the level before or the one after."""

from __future__ import annotations

from agentsecrets.crypto.keys import OpenPerson, SealedAccount
from agentsecrets.crypto.levels import at_guarded, at_keychain, new_item
from agentsecrets.errors import AgentSecretsError, KeychainRefused
from agentsecrets.model.protection import KEYCHAIN
from agentsecrets.ports import AccountStore, Keychain


def moved(
    store: AccountStore, keychain: Keychain, opened: tuple[SealedAccount, OpenPerson], password: bytes, level: str, now_ms: int
) -> tuple[SealedAccount, OpenPerson]:
    """The account at a level, not stored yet. For ``keychain`` an item is made and read back, whose name was noted before.

    Args:
        store: Where names of items are noted.
        keychain: Where items lie.
        opened: The account and its person's keys.
        password: The account password.
        level: ``guarded`` or ``keychain``.
        now_ms: The time to write into the person's word.

    Raises:
        KeychainMissing, KeychainLocked, KeychainSilent, KeychainRefused, StateUnwritable
    """
    if level != KEYCHAIN:
        return at_guarded(*opened, password, now_ms)
    name, key = new_item()
    store.note_item(name)
    keychain.write(name, key)
    if keychain.read(name) != key:
        raise KeychainRefused(name=keychain.check(), problem="it does not give back what it was given")
    return at_keychain(*opened, password, now_ms, (name, key))


def move(
    store: AccountStore, keychain: Keychain, opened: tuple[SealedAccount, OpenPerson], password: bytes, level: str, now_ms: int
) -> tuple[OpenPerson, int]:
    """Moves the stored account to a level; whoever calls this holds the lock of the home. Arguments and failures as ``moved``.

    Returns:
        The keys at that level, and what ``tidy`` says.

    Raises:
        HeadMoved: When another program has sealed the account anew meanwhile.
    """
    account, keys = moved(store, keychain, opened, password, level, now_ms)
    store.rewrite(opened[0], account)
    return keys, tidy(store, keychain)


def tidy(store: AccountStore, keychain: Keychain) -> int:
    """Removes the items that the account in force does not open by; whoever calls this holds the lock of the home.

    Returns:
        How many the keychain did not let go: their names stay noted, and they open nothing.
    """
    account = store.account()
    in_force = account.keychain.item if account is not None and account.keychain is not None else ""
    return remove_items(store, keychain, keep=in_force)


def remove_items(store: AccountStore, keychain: Keychain, *, keep: str = "") -> int:
    """Removes every item that this home ever made but for one; with none kept, the account does not open by the keychain any more.

    Returns:
        How many the keychain did not let go.
    """
    others = [name for name in store.items() if name != keep]
    for done, name in enumerate(others):
        try:
            keychain.delete(name)
            store.forget_item(name)
        except AgentSecretsError:
            return len(others) - done  # it would refuse the others too, and each may take seconds
    return 0
