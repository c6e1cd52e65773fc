"""Databases that are damaged, foreign, or opened by two programs at once."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from agentsecrets.crypto.keys import SealedAccount
from agentsecrets.errors import AccountExists, AgentSecretsError, FormatUnknown, StateDamaged
from agentsecrets.model.place import WorkspaceId
from agentsecrets.storage.state_db import StateDb
from agentsecrets.vault.accounts import found_account

PASSWORD = "violet-harbour-quartz-meadow"

HOME = WorkspaceId("0" * 32)


@pytest.fixture(scope="module")
def account() -> SealedAccount:
    return found_account("ada@example.com", PASSWORD, 0)[0]


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"something else, quite long enough to be looked at" * 100)
    before = path.read_bytes()
    with pytest.raises(StateDamaged):
        StateDb(path)
    assert path.read_bytes() == before


def test_a_truncated_database_is_refused_and_left_as_it_is(tmp_path: Path, account: SealedAccount) -> None:
    path = tmp_path / "state.db"
    store = StateDb(path)
    store.found(account, HOME, b"entry")
    store.close()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 // 4096 * 4096])
    before = path.read_bytes()
    with pytest.raises(StateDamaged):
        StateDb(path).account()
    assert path.read_bytes() == before


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as foreign:
        foreign.execute("PRAGMA user_version=99")
    foreign.close()
    with pytest.raises(FormatUnknown):
        StateDb(path)


def test_programs_that_come_to_a_new_file_at_once_find_one_set_of_tables(tmp_path: Path) -> None:
    path, failures = tmp_path / "state.db", []
    together = threading.Barrier(8)

    def open_it() -> None:
        together.wait()
        try:
            StateDb(path).close()
        except AgentSecretsError as failure:
            failures.append(failure.message)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_of_two_new_accounts_the_second_is_told_of_the_first(tmp_path: Path, account: SealedAccount) -> None:
    first, second = StateDb(tmp_path / "state.db"), StateDb(tmp_path / "state.db")
    first.found(account, HOME, b"entry")
    with pytest.raises(AccountExists):
        second.found(account, HOME, b"another")
    assert second.ledger(HOME) == [b"entry"]
    first.close()
    second.close()
