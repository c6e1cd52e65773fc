"""A change of level that is killed at any of its steps leaves the level before or the one after, and no key that opens anything else."""

from __future__ import annotations

import base64
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from agentsecrets.crypto.keys import OpenPerson, SealedAccount, open_person
from agentsecrets.daemon.keychain.opening import keys_by_keychain
from agentsecrets.daemon.protecting import move, remove_items, tidy
from agentsecrets.errors import HeadMoved, KeychainItemMissing, KeychainRefused
from agentsecrets.storage.keychain.secret_service import SecretService
from agentsecrets.storage.state_db import StateDb
from agentsecrets.vault.accounts import found_account
from tests.conftest import Counted
from tests.parts.desktop import Desktop

PASSWORD = "violet-harbour-quartz-meadow"
NOW = 1_764_000_000_000


@pytest.fixture(autouse=True)
def keychain(session: Desktop, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", session.address)
    yield SecretService()
    session.forget()


def _founded(path: Path) -> StateDb:
    account, _, founded = found_account("ada@example.com", PASSWORD, NOW)
    store = StateDb(path)
    store.found(account, founded.workspace_id, founded.first.encode())
    return store


def _account(store: StateDb) -> SealedAccount:
    account = store.account()
    assert account is not None
    return account


def _move(store: Any, keychain: Any, level: str) -> None:
    account = store.account()
    move(store, keychain, (account, open_person(account, PASSWORD.encode())), PASSWORD.encode(), level, NOW)


class Cut:
    """Something whose every method may be the last thing that a process does: it is killed before or after one of them.

    Args:
        whole: What does the work.
        count: Steps left, shared with others.
    """

    def __init__(self, whole: object, count: list[int]) -> None:
        self._whole, self._count = whole, count

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = getattr(self._whole, name)

        def stepping(*arguments: object, **named: object) -> object:
            self._step()
            answer: object = method(*arguments, **named)
            self._step()
            return answer

        return stepping

    def _step(self) -> None:
        self._count[0] -= 1
        if self._count[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _killed_at(step: int, path: Path, opened: tuple[SealedAccount, OpenPerson], level: str) -> bool:
    """Moves in a process of its own, which is killed at a step; says whether it got that far."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            count = [step]
            store, keychain = cast("Any", Cut(StateDb(path), count)), cast("Any", Cut(SecretService(), count))
            move(store, keychain, opened, PASSWORD.encode(), level, NOW)
            code = 0
        finally:
            os._exit(code)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended in (0, -signal.SIGKILL)
    return ended != 0


@pytest.mark.parametrize(("before", "after"), [("guarded", "keychain"), ("keychain", "guarded"), ("keychain", "keychain")])
def test_killed_at_any_step_it_opens_at_the_level_before_or_after(
    before: str, after: str, tmp_path: Path, session: Desktop, keychain: SecretService, counted: Counted
) -> None:
    step, left, template = 0, dict.fromkeys((before, after), 0), tmp_path / "template.db"
    founded = _founded(template)
    if before == "keychain":
        _move(founded, keychain, before)
    first, items = _account(founded), {name: keychain.read(name) for name in founded.items()}
    founded.close()
    opened = (first, open_person(first, PASSWORD.encode()))
    while True:
        step += 1
        path = Path(shutil.copy(template, tmp_path / f"{step}.db"))
        for name, key in items.items():
            assert key is not None
            keychain.write(name, key)
        store = StateDb(path)
        killed = _killed_at(step, path, opened, after)
        account = _account(store)
        left[account.protection] += 1
        assert account.protection in (before, after)
        person = open_person(account, PASSWORD.encode())
        if account.protection == "keychain":
            assert keys_by_keychain(account, keychain).pack() == person.unattended.pack()
        else:
            assert account.keychain is None
        assert set(session.items()) <= set(store.items()), "an item that no note speaks of"
        assert tidy(store, keychain) == 0
        in_force = [account.keychain.item] if account.keychain else []
        assert list(session.items()) == store.items() == in_force
        _nothing_left_of(first, account, path)
        store.close()
        session.forget()
        if not killed:
            break
    counted(f"{before} to {after}: killed at each of {step - 1} steps, {left}")
    assert step > 8
    assert min(left.values()) > 0


def _nothing_left_of(before: SealedAccount, account: SealedAccount, path: Path) -> None:
    """What lay under an item that is gone is in no file of the database."""
    if before.keychain is not None and before.keychain != account.keychain:
        pack = base64.b64encode(before.keychain.pack)
        for file in path.parent.glob(f"{path.name}*"):
            assert pack not in file.read_bytes(), file
            assert before.keychain.item.encode() not in file.read_bytes(), file


def test_a_keychain_that_does_not_give_back_what_it_was_given_changes_nothing(tmp_path: Path, keychain: SecretService) -> None:
    class Forgetful(SecretService):
        def write(self, item: str, key: bytes) -> None:
            super().write(item, key[::-1])

    store = _founded(tmp_path / "state.db")
    first = _account(store)
    with pytest.raises(KeychainRefused):
        _move(store, Forgetful(), "keychain")
    assert _account(store) == first
    assert tidy(store, keychain) == 0
    assert store.items() == []


def test_an_account_that_was_sealed_anew_meanwhile_is_not_put_back(tmp_path: Path, keychain: SecretService) -> None:
    store = _founded(tmp_path / "state.db")
    old = _account(store)
    person = open_person(old, PASSWORD.encode())
    _move(store, keychain, "keychain")
    moved = _account(store)
    with pytest.raises(HeadMoved):
        move(store, keychain, (old, person), PASSWORD.encode(), "guarded", NOW)
    assert _account(store) == moved
    assert keys_by_keychain(moved, keychain).protection == "keychain"


def test_what_a_keychain_does_not_let_go_is_noted_and_removed_later(tmp_path: Path, session: Desktop, keychain: SecretService) -> None:
    store = _founded(tmp_path / "state.db")
    _move(store, keychain, "keychain")
    session.lock()
    try:
        account = _account(store)
        keys, left = move(store, keychain, (account, open_person(account, PASSWORD.encode())), PASSWORD.encode(), "guarded", NOW)
        assert (keys.unattended.protection, left, len(store.items())) == ("guarded", 1, 1)
    finally:
        session.log_out()
        session.log_in()
    assert len(session.items()) == 1
    assert tidy(store, keychain) == 0
    assert (session.items(), store.items()) == ({}, [])


def test_whoever_logs_out_removes_every_item(tmp_path: Path, session: Desktop, keychain: SecretService) -> None:
    store = _founded(tmp_path / "state.db")
    _move(store, keychain, "keychain")
    account = _account(store)
    assert remove_items(store, keychain) == 0
    assert (session.items(), store.items()) == ({}, [])
    with pytest.raises(KeychainItemMissing):
        keys_by_keychain(account, keychain)
