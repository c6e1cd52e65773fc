"""A state folder that somebody else could have prepared, or could change, is not used."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from agentsecrets.errors import AgentSecretsError, StateUnwritable, UnsafeState
from agentsecrets.storage.audit_db import AuditDb
from agentsecrets.storage.paths import Home
from agentsecrets.storage.state_db import StateDb


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_and_all_files_in_it_are_their_owner_s_alone(tmp_path: Path):
    before = os.umask(0)
    try:
        home = Home(tmp_path / "home")
        home.create()
        state, log = StateDb(home.state_db), AuditDb(home.audit_db)
        log.append([])
        state.put_folder("/x", b"x")
        assert (_mode(home.root), _mode(home.run)) == (0o700, 0o700)
        assert {path.name: oct(_mode(path)) for path in home.root.iterdir() if path.is_file() and _mode(path) & 0o077} == {}
        assert {path.name for path in home.root.glob("state.db*")} >= {"state.db", "state.db-wal"}
        home.check()
        state.close()
        log.close()
    finally:
        os.umask(before)


def test_a_folder_that_others_may_look_into_is_closed_to_them(tmp_path: Path):
    (tmp_path / "home").mkdir(mode=0o755)
    (tmp_path / "home").chmod(0o755)
    Home(tmp_path / "home").create()
    assert _mode(tmp_path / "home") == 0o700


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
def test_a_folder_that_others_may_write_to_is_refused_and_left_as_it_is(tmp_path: Path, mode: int):
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(mode)
    with pytest.raises(UnsafeState):
        Home(tmp_path / "home").create()
    assert _mode(tmp_path / "home") == mode
    assert list((tmp_path / "home").iterdir()) == []


PARTS = ["state.db", "state.db-wal", "state.db-shm", "audit.db", "audit.db-wal", "session.json", "config.json", "run/daemon.lock"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_a_link_is_refused(home: Home, tmp_path: Path, part: str):
    (tmp_path / "elsewhere").write_bytes(b"")
    (home.root / part).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafeState) as refused:
        home.check()
    assert str(home.root / part) in refused.value.message


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_part_that_others_may_write_to_is_refused(home: Home, part: str, mode: int):
    (home.root / part).write_bytes(b"")
    (home.root / part).chmod(mode)
    with pytest.raises(UnsafeState):
        home.check()


@pytest.mark.parametrize("part", ["run", ""])
def test_a_folder_behind_a_link_is_refused(tmp_path: Path, part: str):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    if part:
        (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / part if part else tmp_path / "home").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafeState):
        Home(tmp_path / "home").create()


@pytest.mark.other_uid
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
@pytest.mark.parametrize("part", ["", "run", "state.db"])
def test_a_part_that_belongs_to_another_user_is_refused(home: Home, part: str):
    path = home.root / part if part else home.root
    if part == "state.db":
        path.write_bytes(b"")
    os.chown(path, 65534, 65534)
    with pytest.raises(UnsafeState):
        home.check()


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StateUnwritable):
        Home(tmp_path / "file" / "home").create()
    with pytest.raises(AgentSecretsError):
        Home(tmp_path / "file").create()
