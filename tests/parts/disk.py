"""A small disk of a test's own, which can be filled and made read-only; needs root."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_BLOCK = 1 << 16


class Disk:
    """A file system in memory.

    Attributes:
        root: Where it is mounted.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def fill(self, but: int = 0) -> None:
        """Leaves no free byte, or about so many."""
        with self._ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(_BLOCK))
        if but:
            os.truncate(self._ballast, max(0, self._ballast.stat().st_size - but))

    def clear(self) -> None:
        """Gives the room back."""
        self._ballast.unlink()

    def make_read_only(self) -> None:
        """From now on nothing can be written, by root neither."""
        _run("mount", "-o", "remount,ro", str(self.root))

    def make_writable(self) -> None:
        """Takes that back."""
        _run("mount", "-o", "remount,rw", str(self.root))

    @property
    def _ballast(self) -> Path:
        return self.root / "ballast"


@contextmanager
def disk(root: Path, mebibytes: int = 8) -> Iterator[Disk]:
    """Mounts one; the test is skipped where that is not allowed.

    Args:
        root: Where.
        mebibytes: Its size.
    """
    root.mkdir(parents=True)
    if os.geteuid() != 0 or not _run("mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0700", "tmpfs", str(root), must=False):
        pytest.skip("only root can mount a small disk")
    try:
        yield Disk(root)
    finally:
        _run("umount", "--lazy", str(root))


def _run(*words: str, must: bool = True) -> bool:
    return subprocess.run(words, check=must, capture_output=True).returncode == 0
