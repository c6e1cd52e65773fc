"""Of several that want a lock one holds it; the lock can be handed on without being free in between."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentsecrets.errors import AlreadyRunning, StateUnwritable
from agentsecrets.wire.lock import held, opened, take


def test_a_second_one_is_refused_until_the_first_gives_it_back(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with held(lock):
        with pytest.raises(AlreadyRunning), held(lock):
            pass
        with opened(lock) as other:
            assert not take(other)
    with held(lock):
        pass


def test_what_is_raised_while_it_is_held_is_not_taken_for_another_holder(tmp_path: Path) -> None:
    with pytest.raises(BlockingIOError), held(tmp_path / "lock"):
        raise BlockingIOError


def test_a_lock_that_was_handed_on_stays_held_and_reaches_no_child(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with opened(lock) as before:
        assert take(before)
        handed = os.dup(before)
        os.set_inheritable(handed, True)
        with held(lock, handed) as mine:
            assert not os.get_inheritable(mine)
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.fstat(handed)
            with opened(lock) as other:
                assert not take(other)


def test_a_descriptor_of_another_file_is_no_lock_of_this_one(tmp_path: Path) -> None:
    with opened(tmp_path / "other") as other, held(tmp_path / "lock"), pytest.raises(AlreadyRunning), held(tmp_path / "lock", other):
        pass


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateUnwritable), held(tmp_path / "lock"):
        pass
    assert not (tmp_path / "elsewhere").exists()
