"""A log of an earlier version has an index more: it opens, says what it said, and goes on without it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from agentsecrets.audit.verify import verify_log
from agentsecrets.audit.view import newest
from agentsecrets.vault.accounts import found_account
from tests.parts.commands import PASSWORD
from tests.parts.log import chain, opened, tamper, word

ROWS = chain(15)


def _indexes(path: Path) -> list[str]:
    found: list[str] = []

    def look(connection: sqlite3.Connection) -> None:
        found.extend(name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index'"))

    tamper(path, look)
    return found


def test_it_opens_is_verified_and_goes_on_without_the_index(tmp_path: Path):
    path = tmp_path / "audit.db"
    account, person, _ = found_account("ada@example.com", PASSWORD, 1)
    with opened(path) as log:
        log.append(ROWS[:9])
        log.add_checkpoint(7, word(account, person, ROWS[7]), 7)
    tamper(path, lambda db: db.execute("CREATE INDEX outcomes ON events (id) WHERE phase = 'outcome'"))
    for _ in range(2):
        with opened(path) as log:
            assert log.rows(0, 100) == ROWS[:9]
            assert [row.index for row in log.dangling()] == [8]
            assert len(newest(log, 10)) == 5
            assert verify_log(log, account.verified_identity()).first_bad is None
        assert not _indexes(path)
    with opened(path) as log:
        log.append(ROWS[9:])
        assert log.rows(0, 100) == ROWS
