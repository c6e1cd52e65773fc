"""Small files: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from agentsecrets.errors import StateUnwritable

_PRIVATE = 0o600


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Turns what the disk refuses into ours.

    Raises:
        StateUnwritable
    """
    try:
        yield
    except OSError as failure:
        raise StateUnwritable(problem=failure.strerror or "unknown") from None


def write_atomically(path: Path, content: bytes, mode: int = _PRIVATE) -> None:
    """Replaces a file in one step: a reader or a crash sees the old content or the new.

    Raises:
        StateUnwritable: When the disk refuses; the old file or the new one is there whole.
    """
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with writing():
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            sync_folder(path.parent)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink()
            raise


def read_own(path: Path, limit: int = 1 << 20) -> bytes | None:
    """Reads a regular file without following a link; None when there is none that may be read, or a longer one than ``limit`` bytes."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        content = b""
        while len(content) <= limit and (chunk := os.read(descriptor, limit + 1 - len(content))):
            content += chunk
    finally:
        os.close(descriptor)
    return content if len(content) <= limit else None


def sync_folder(folder: Path) -> None:
    """A new name outlives a power cut only once its folder is on the disk (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
