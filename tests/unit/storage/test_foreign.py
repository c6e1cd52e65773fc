"""A database that another user has written is looked at before it is one of ours."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from agentsecrets.errors import FormatUnknown, StateDamaged
from agentsecrets.storage.audit_db import AuditDb, check_log
from agentsecrets.storage.state_db import StateDb, check_state


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "state.db"
    StateDb(path).close()
    return path


def _do(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript(statement)


def test_what_we_make_ourselves_is_taken(state: Path, tmp_path: Path):
    check_state(state)
    AuditDb(tmp_path / "audit.db").close()
    check_log(tmp_path / "audit.db")


def test_a_log_of_an_earlier_version_is_taken_with_its_index_and_with_no_other(tmp_path: Path):
    path = tmp_path / "audit.db"
    AuditDb(path).close()
    _do(path, "CREATE INDEX outcomes ON events (id) WHERE phase = 'outcome'")
    check_log(path)
    _do(path, "DROP INDEX outcomes; CREATE INDEX outcomes ON events (id) WHERE phase = 'intent'")
    with pytest.raises(StateDamaged):
        check_log(path)


def test_one_is_not_the_other(state: Path):
    with pytest.raises(StateDamaged):
        check_log(state)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON bindings BEGIN DELETE FROM bindings; END",
        "CREATE VIEW v AS SELECT * FROM records",
        "CREATE TABLE more (x)",
        "CREATE INDEX more ON records (body)",
        "DROP TABLE folders",
        "ALTER TABLE records ADD COLUMN x DEFAULT 1",
        "DROP TABLE remembered; CREATE VIEW remembered AS SELECT 'a' AS remembered_id, x'00' AS envelope",
    ],
)
def test_anything_beside_our_tables_is_refused(state: Path, statement: str):
    _do(state, statement)
    with pytest.raises(StateDamaged):
        check_state(state)


def test_another_version_s_is_named_so(state: Path):
    _do(state, "PRAGMA user_version=2")
    with pytest.raises(FormatUnknown):
        check_state(state)


def test_what_does_not_hold_together_is_refused(state: Path):
    _do(state, "INSERT INTO folders VALUES ('a', x'00'); INSERT INTO folders VALUES ('b', x'00')")
    content = state.read_bytes()
    state.write_bytes(content[:4096] + b"\xff" * 64 + content[4160:])
    with pytest.raises(StateDamaged):
        check_state(state)


def test_no_database_at_all_is_refused(tmp_path: Path):
    (tmp_path / "state.db").write_bytes(b"x" * 8192)
    with pytest.raises(StateDamaged):
        check_state(tmp_path / "state.db")
    (tmp_path / "empty.db").write_bytes(b"")
    with pytest.raises((StateDamaged, FormatUnknown)):
        check_state(tmp_path / "empty.db")
