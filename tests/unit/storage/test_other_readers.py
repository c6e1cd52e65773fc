"""Another program that looks at a database does not disturb the daemon that writes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from agentsecrets.ports import LogRow
from agentsecrets.storage.audit_db import AuditDb

_LOOK = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); print(c.execute('SELECT count(*) FROM events').fetchone()[0]); c.close()"


def _rows_seen_from_outside(path: Path) -> int:
    looked = subprocess.run([sys.executable, "-c", _LOOK, str(path)], capture_output=True, text=True, check=True)
    return int(looked.stdout)


def test_rows_that_are_added_after_another_program_has_looked_are_seen_by_the_next_one(tmp_path: Path) -> None:
    store = AuditDb(tmp_path / "audit.db")
    for index in range(3):
        store.append([LogRow(index, f"{index:032x}", "outcome", b"payload", bytes(32))])
        assert _rows_seen_from_outside(tmp_path / "audit.db") == index + 1
    store.close()
