"""Many programs that come to one database at once all get it, however busy the disk; whoever holds it for good is named in the end."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from agentsecrets.errors import StateUnwritable
from agentsecrets.storage import sqlite
from agentsecrets.storage.state_db import StateDb

PROGRAMS, FILES = 8, 80
_OPEN = """
import sys
from pathlib import Path
from agentsecrets.errors import AgentSecretsError
from agentsecrets.storage.state_db import StateDb
print("ready", flush=True)
for line in sys.stdin:
    try:
        StateDb(Path(line.strip())).close()
        print("opened", flush=True)
    except AgentSecretsError as failure:
        print(failure.message, flush=True)
"""
_KEEP_BUSY = """
import os, sys
while True:
    with open(sys.argv[1], "wb") as file:
        file.write(bytes(1 << 22))
        file.flush()
        os.fsync(file.fileno())
"""


@contextmanager
def _program(text: str, *given: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", text, *given], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


def _hears(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    return program.stdout.readline().strip()


def _says(program: subprocess.Popen[str], line: str) -> None:
    assert program.stdin is not None
    program.stdin.write(f"{line}\n")
    program.stdin.flush()


def test_programs_that_come_to_new_files_at_once_all_open_them_on_a_busy_disk(tmp_path: Path) -> None:
    with ExitStack() as running:
        running.enter_context(_program(_KEEP_BUSY, str(tmp_path / "busy")))
        programs = [running.enter_context(_program(_OPEN)) for _ in range(PROGRAMS)]
        assert {_hears(program) for program in programs} == {"ready"}
        for number in range(FILES):
            for program in programs:
                _says(program, str(tmp_path / f"{number}.db"))
            assert [_hears(program) for program in programs] == ["opened"] * PROGRAMS


@contextmanager
def _held(path: Path, seconds: float, *statements: str) -> Iterator[None]:
    """Another program holds a lock on a database for a while."""
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for statement in statements:
        holder.execute(statement).fetchall()
    letting_go = threading.Timer(seconds, holder.close)
    letting_go.start()
    try:
        yield
    finally:
        letting_go.join()


@pytest.mark.parametrize("lock", ["BEGIN", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_new_file_that_another_program_looks_at_is_opened_when_it_has_done(tmp_path: Path, lock: str) -> None:
    with _held(tmp_path / "state.db", 0.3, lock, "SELECT * FROM sqlite_master"):
        store = StateDb(tmp_path / "state.db")
    assert store.account() is None
    store.close()


def test_a_new_file_that_another_program_never_lets_go_is_given_up_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "OPENING_SECONDS", 0.2)
    with _held(tmp_path / "state.db", 3, "BEGIN IMMEDIATE"):
        began = time.monotonic()
        with pytest.raises(StateUnwritable) as refused:
            StateDb(tmp_path / "state.db")
        assert 0.2 <= time.monotonic() - began < 2
    assert "another program holds a database" in refused.value.message


def test_a_database_whose_tables_are_there_is_opened_while_another_program_writes_to_it(tmp_path: Path) -> None:
    StateDb(tmp_path / "state.db").close()
    with _held(tmp_path / "state.db", 1.5, "BEGIN IMMEDIATE"):
        began = time.monotonic()
        StateDb(tmp_path / "state.db").close()
        assert time.monotonic() - began < 1
