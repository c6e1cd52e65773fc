"""Small files are replaced whole, are their owner's alone, and are read only when they are what they seem."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from agentsecrets.errors import StateUnwritable
from agentsecrets.storage.files import read_own, write_atomically


def test_a_file_is_written_for_its_owner_only_whatever_the_umask(tmp_path: Path):
    before = os.umask(0)
    try:
        write_atomically(tmp_path / "session.json", b"token")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "session.json").stat().st_mode) == 0o600
    assert read_own(tmp_path / "session.json") == b"token"


def test_a_file_that_others_could_read_is_replaced_by_one_that_they_cannot(tmp_path: Path):
    path = tmp_path / "session.json"
    path.write_bytes(b"old")
    path.chmod(0o666)
    write_atomically(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_replaced_and_what_it_pointed_to_is_left_alone(tmp_path: Path):
    target = tmp_path / "target"
    target.write_bytes(b"untouched")
    (tmp_path / "session.json").symlink_to(target)
    write_atomically(tmp_path / "session.json", b"new")
    assert target.read_bytes() == b"untouched"
    assert not (tmp_path / "session.json").is_symlink()


def test_readers_see_the_old_content_or_the_new_and_nothing_else_is_left(tmp_path: Path):
    path, contents = tmp_path / "file", [bytes([65 + number]) * 50_000 for number in range(4)]
    write_atomically(path, contents[0])
    seen: set[bytes | None] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(read_own(path))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(60):
        write_atomically(path, contents[number % 4])
    done.set()
    reader.join()
    assert seen <= set(contents)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_disk_that_refuses_leaves_the_old_content_and_no_rest(tmp_path: Path):
    with pytest.raises(StateUnwritable):
        write_atomically(tmp_path / "missing" / "file", b"new")
    blocked = tmp_path / "folder"
    blocked.mkdir()
    with pytest.raises(StateUnwritable):
        write_atomically(blocked, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_what_is_no_regular_file_of_reasonable_length_is_not_read(tmp_path: Path):
    (tmp_path / "whole").write_bytes(b"x" * 10)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "whole")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    assert read_own(tmp_path / "whole", 10) == b"x" * 10
    assert read_own(tmp_path / "whole", 9) is None, "a part of a file is not the file"
    for name in ("missing", "folder", "link", "dangling", "pipe", "whole/below"):
        assert read_own(tmp_path / name) is None, name


def test_nothing_is_kept_open(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    descriptors = Path("/dev/fd")
    before = len(list(descriptors.iterdir()))
    for _ in range(20):
        write_atomically(tmp_path / "file", b"x")
        read_own(tmp_path / "file")
        read_own(tmp_path / "folder")
    assert len(list(descriptors.iterdir())) == before
