"""An account that is logged out lies aside whole, whatever cut the move off, and comes back whole."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import pytest

from agentsecrets.errors import StateDamaged, StateUnwritable
from agentsecrets.storage.paths import Home
from agentsecrets.storage.set_aside import bring_back, erase, kept, set_aside
from agentsecrets.storage.state_db import StateDb

STATE, LOG = b"the sealed state", b"the log"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    made.state_db.write_bytes(STATE)
    made.audit_db.write_bytes(LOG)
    return made


def _whole(home: Home) -> list[Path]:
    """The places where an account lies whole."""
    folders = [home.root, *home.accounts.glob("*")]
    return [folder for folder in folders if (folder / "state.db").exists() and (folder / "audit.db").exists()]


def test_it_goes_and_comes_back_whole(home: Home):
    folder = set_aside(home, "a1")
    assert ((folder / "state.db").read_bytes(), (folder / "audit.db").read_bytes()) == (STATE, LOG)
    assert kept(home) == ["a1"]
    assert not home.state_db.exists()
    assert not home.audit_db.exists()
    assert folder.stat().st_mode & 0o777 == 0o700
    bring_back(home, "a1")
    assert (home.state_db.read_bytes(), home.audit_db.read_bytes()) == (STATE, LOG)
    assert kept(home) == []
    assert home.state_db.stat().st_nlink == 1


def test_a_move_that_was_cut_off_before_its_end_is_done_again(home: Home):
    folder = home.accounts / "a1"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "audit.db").hardlink_to(home.audit_db)
    home.create()
    assert _whole(home) == [home.root]
    (folder / "state.db").hardlink_to(home.state_db)
    home.create()
    set_aside(home, "a1")
    assert _whole(home) == [folder]


def test_a_move_that_was_cut_off_between_its_last_steps_is_finished(home: Home):
    folder = home.accounts / "a1"
    folder.mkdir(parents=True, mode=0o700)
    for file in (home.audit_db, home.state_db):
        (folder / file.name).hardlink_to(file)
    home.state_db.unlink()
    home.create()
    assert _whole(home) == [folder]
    assert not home.audit_db.exists()
    home.audit_db.hardlink_to(folder / "audit.db")  # as a return that was cut off leaves it
    bring_back(home, "a1")
    assert (home.state_db.read_bytes(), home.audit_db.read_bytes()) == (STATE, LOG)


def test_a_lost_state_is_still_no_fresh_folder(home: Home):
    home.state_db.unlink()
    (home.accounts / "a1").mkdir(parents=True)
    (home.accounts / "a1" / "audit.db").write_bytes(LOG)
    with pytest.raises(StateDamaged):
        home.create()
    assert home.audit_db.read_bytes() == LOG


def test_an_account_that_lies_there_already_is_not_written_over(home: Home):
    folder = home.accounts / "a1"
    folder.mkdir(parents=True)
    (folder / "state.db").write_bytes(b"another")
    with pytest.raises(StateUnwritable):
        set_aside(home, "a1")
    assert (folder / "state.db").read_bytes() == b"another"
    assert home.state_db.read_bytes() == STATE


def test_what_another_program_has_open_stays_where_it_is(home: Home):
    home.state_db.with_name("state.db-wal").write_bytes(b"rows")
    with pytest.raises(StateUnwritable):
        set_aside(home, "a1")
    assert _whole(home) == [home.root]


def test_what_is_erased_is_gone(home: Home):
    home.audit_db.with_name("audit.db-wal").write_bytes(b"rows")
    erase(home)
    assert [path.name for path in home.root.iterdir()] == ["run"]


def test_a_program_that_looks_into_a_database_for_a_moment_is_waited_for(tmp_path: Path):
    home = Home(tmp_path / "home")
    home.create()
    ours, looking = StateDb(home.state_db), StateDb(home.state_db)
    ours.choose([("name", "value")])
    ours.close()
    assert home.state_db.with_name("state.db-wal").stat().st_size, "it is for whoever closes last to fold it"
    leaving = threading.Timer(0.1, looking.close)
    leaving.start()
    folder = set_aside(home, "a1")
    leaving.join()
    with contextlib.closing(StateDb(folder / "state.db")) as kept_store:
        assert kept_store.choice("name") == "value"
