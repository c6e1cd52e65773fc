"""Whether everything that this program loads belongs to root alone."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from agentsecrets.errors import AgentSecretsError, UnsafeProgram

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


def check_program() -> None:
    """Refuses a program that anybody but root could change: interpreter, libraries, packages, and each folder on the way to them.

    Raises:
        UnsafeProgram
    """
    seen: set[Path] = set()
    for place in (Path(sys.executable), *map(Path, sys.path), Path(sys.prefix, "pyvenv.cfg"), *_mapped()):
        for path in _way(place):
            _check(path, seen)
        if place.is_dir():
            for path in _below(place):
                _check(path, seen)


def _way(place: Path) -> Iterator[Path]:
    """A path and all folders above it; for a symbolic link also what it leads to and the folders above that."""
    yield from (place, *place.parents)
    for step in (place, *place.parents):
        if step.is_symlink():
            yield from _way(step.parent / step.readlink())


def _below(folder: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(where, name)
            yield path
            if path.is_symlink():
                yield from _way(path.parent / path.readlink())


def _mapped() -> Iterator[Path]:
    """Files of which this process runs code. Source: proc(5), ``/proc/self/maps``."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:  # noqa: PTH123  (a file of the kernel's)
        lines = maps.read().splitlines()
    for line in lines:
        path = line.partition("/")
        if path[1] and "x" in line.split(maxsplit=2)[1]:
            yield Path("/" + path[2])


def _check(path: Path, seen: set[Path]) -> None:
    if path in seen:
        return
    seen.add(path)
    try:
        found = path.lstat()
    except FileNotFoundError:
        return  # the folder above decides who could put something there
    except OSError as failure:
        raise UnsafeProgram(problem=f"{path}: {failure.strerror}") from None
    if found.st_uid != 0:
        raise UnsafeProgram(problem=f"{path} does not belong to root")
    if not stat.S_ISLNK(found.st_mode) and found.st_mode & _OTHERS_MAY_WRITE:
        raise UnsafeProgram(problem=f"others may write to {path}")


def main() -> int:
    """Says on standard output, as JSON, which version this is, or what is wrong with where it lies.

    Returns:
        The exit code of the failure's family, 0 when all is well.
    """
    from agentsecrets import __version__
    from agentsecrets.wire.failures import to_json

    try:
        check_program()
    except AgentSecretsError as failure:
        sys.stdout.write(to_json(failure).decode())
        return failure.exit_code
    sys.stdout.write(f'{{"version": "{__version__}"}}')
    return 0


if __name__ == "__main__":
    sys.exit(main())
