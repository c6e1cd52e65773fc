"""A transaction is whole or nothing, a full disk changes nothing, and what SQLite says stays inside."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from agentsecrets.crypto.records import SealedRecord
from agentsecrets.errors import AgentSecretsError, StateDamaged, StateUnwritable
from agentsecrets.model.place import Place, ProjectId, WorkspaceId
from agentsecrets.storage.audit_db import AuditDb
from agentsecrets.storage.sqlite import connect, create, transaction, writing
from agentsecrets.storage.state_db import StateDb
from tests.parts.log import chain

PLACE = Place(WorkspaceId("1" * 32), ProjectId("2" * 32), "development")


@pytest.fixture
def connection(tmp_path: Path) -> sqlite3.Connection:
    made = connect(tmp_path / "test.db", "FULL")
    create(made, "CREATE TABLE t (x BLOB);")
    return made


def _insert_and_fail(db: sqlite3.Connection, failure: type[BaseException]) -> None:
    db.execute("INSERT INTO t VALUES (1)")
    raise failure


def _put_many(store: StateDb) -> None:
    for number in range(1000):
        store.put_folder(f"/{number}", bytes(4096))


def _lies_in(folder: Path, needle: bytes) -> bool:
    return any(needle in path.read_bytes() for path in folder.iterdir())


def _rows(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM t").fetchone()[0])


def test_databases_are_opened_as_they_must_be(tmp_path: Path, connection: sqlite3.Connection):
    asked = ("journal_mode", "synchronous", "temp_store", "trusted_schema", "secure_delete", "user_version")
    told = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked}
    assert told == {"journal_mode": "wal", "synchronous": 2, "temp_store": 2, "trusted_schema": 0, "secure_delete": 1, "user_version": 1}
    assert connect(tmp_path / "log.db", "NORMAL").execute("PRAGMA synchronous").fetchone()[0] == 1


def test_what_fails_in_the_middle_leaves_nothing(connection: sqlite3.Connection):
    for failure in (ValueError, KeyboardInterrupt):
        with pytest.raises(failure), transaction(connection) as db:
            _insert_and_fail(db, failure)
    assert _rows(connection) == 0
    with transaction(connection) as db:
        db.execute("INSERT INTO t VALUES (1)")
    assert _rows(connection) == 1


def test_what_is_purged_is_in_no_file_any_more_not_even_as_ciphertext(tmp_path: Path):
    store, sealed = StateDb(tmp_path / "state.db"), [bytes([number]) * 3000 for number in range(65, 70)]
    store.put_records([(PLACE, SealedRecord(f"r{at}", 1, 1, b"head", body)) for at, body in enumerate(sealed)], 20)
    store.put_folder("/kept", b"kept" * 500)
    assert store.delete_records(PLACE, [f"r{at}" for at in range(len(sealed))], 7)
    assert all(_lies_in(tmp_path, body[:100]) for body in sealed)
    assert store.purge_records(7) == len(sealed)
    assert not any(_lies_in(tmp_path, body[:100]) for body in sealed)
    assert store.folder("/kept") == b"kept" * 500
    store.close()


def test_a_transaction_that_was_left_open_is_undone_before_the_next(connection: sqlite3.Connection):
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO t VALUES ('never acknowledged')")
    with transaction(connection) as db:
        db.execute("INSERT INTO t VALUES ('acknowledged')")
    assert connection.execute("SELECT x FROM t").fetchall() == [("acknowledged",)]


def test_a_log_whose_transaction_was_left_open_commits_the_next_rows(tmp_path: Path):
    log = AuditDb(tmp_path / "audit.db")
    log._writer.execute("BEGIN IMMEDIATE")
    log.append(chain(2))
    other = sqlite3.connect(tmp_path / "audit.db")
    assert other.execute("SELECT count(*) FROM events").fetchone() == (2,)
    other.close()
    log.close()


def test_a_full_disk_is_named_changes_nothing_and_is_got_over(tmp_path: Path):
    store = StateDb(tmp_path / "state.db")
    store.put_folder("/before", b"before")
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StateUnwritable) as refused:
        _put_many(store)
    assert "full" in refused.value.message
    assert store.folder("/before") == b"before"
    store._db.execute("PRAGMA max_page_count=100000")
    store.put_folder("/after", b"after")
    assert store.folder("/after") == b"after"
    store.close()


def test_a_full_disk_takes_no_part_of_a_batch_of_rows(tmp_path: Path):
    log = AuditDb(tmp_path / "audit.db")
    rows = chain(200)
    log.append(rows[:1])
    pages = log._writer.execute("PRAGMA page_count").fetchone()[0]
    log._writer.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StateUnwritable):
        log.append(rows[1:])
    assert log.rows(0, 1000) == rows[:1]
    log._writer.execute("PRAGMA max_page_count=100000")
    log.append(rows[1:])
    assert log.rows(0, 1000) == rows
    log.close()


def test_a_database_that_another_program_holds_is_said_to_be_held(tmp_path: Path):
    store = StateDb(tmp_path / "state.db")
    store._db.execute("PRAGMA busy_timeout=10")
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateUnwritable):
        store.put_folder("/x", b"x")
    other.execute("ROLLBACK")
    store.put_folder("/x", b"x")
    other.close()
    store.close()


def test_threads_that_share_a_store_neither_tear_nor_lose_anything(tmp_path: Path):
    store, failures = StateDb(tmp_path / "state.db"), []

    def write(number: int) -> None:
        other = StateDb(tmp_path / "state.db")
        for step in range(20):
            try:
                other.put_folder(f"/{number}/{step}", b"x")
            except AgentSecretsError as failure:
                failures.append(failure.message)
        other.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert all(store.folder(f"/{number}/{step}") == b"x" for number in range(6) for step in range(20))
    store.close()


@pytest.mark.parametrize("spoil", ["UPDATE folders SET envelope = 'text'", "DROP TABLE folders", "UPDATE folders SET envelope = 17"])
def test_a_table_that_somebody_else_changed_is_damage_and_not_a_crash(tmp_path: Path, spoil: str):
    store = StateDb(tmp_path / "state.db")
    store.put_folder("/x", b"x")
    store.close()
    other = sqlite3.connect(tmp_path / "state.db")
    other.execute(spoil)
    other.commit()
    other.close()
    store = StateDb(tmp_path / "state.db")
    with pytest.raises(StateDamaged):
        store.folder("/x")
    store.close()


def test_a_text_that_is_none_is_damage(tmp_path: Path):
    store = StateDb(tmp_path / "state.db")
    store._db.execute("INSERT INTO choices VALUES ('c', CAST(x'ff' AS TEXT))")
    with pytest.raises(StateDamaged):
        store.choice("c")
    store.close()


@pytest.mark.parametrize("document", [b"", b"{}", b"\xff", b"[" * 3000, b'{"account_id":1}'])
def test_an_account_that_is_none_is_refused_by_name(tmp_path: Path, document: bytes):
    store = StateDb(tmp_path / "state.db")
    store._db.execute("INSERT INTO account VALUES (1, ?)", (document,))
    with pytest.raises(AgentSecretsError) as refused:
        store.account()
    assert refused.value.slug == "format_unknown"
    store.close()


def test_no_word_of_sqlite_and_no_value_crosses(connection: sqlite3.Connection):
    with pytest.raises(AgentSecretsError) as refused, writing():
        connection.execute("SELECT * FROM sk_live_value_in_a_statement")
    assert "sk_live" not in f"{refused.value.message}{refused.value.hint}{refused.value!r}"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
