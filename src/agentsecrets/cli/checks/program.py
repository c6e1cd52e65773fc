"""Whose program this is, and which one a shell would run."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import agentsecrets
from agentsecrets.cli.checks.check import OK, WARN, Check, Finding, Scene


def _look(_: Scene) -> Iterator[Finding]:
    version = f"version {agentsecrets.__version__}, Python {'.'.join(map(str, sys.version_info[:3]))}"
    yield Finding(OK, version)
    for path in _parts():
        if _others_may_write(path):
            yield Finding(WARN, f"others may change {path}, and so what this program does with your password", f"chmod go-w {path}")
    yield from _on_path()


def _parts() -> Iterator[Path]:
    """The files that run, and every folder in which one of them could be exchanged."""
    seen: set[Path] = set()
    for start in (Path(agentsecrets.__file__).parent, Path(sys.executable).absolute(), Path(sys.executable).resolve()):
        for path in (start, *start.parents):
            if path not in seen:
                seen.add(path)
                yield path


def _others_may_write(path: Path) -> bool:
    """Whether somebody else may exchange it; in a sticky folder only what is theirs (chmod(1)), and a group of one's own is no other."""
    found = path.stat()
    is_shared = bool(found.st_mode & stat.S_IWOTH) or bool(found.st_mode & stat.S_IWGRP and found.st_gid not in (0, os.getegid()))
    return is_shared and not found.st_mode & stat.S_ISVTX


def _on_path() -> Iterator[Finding]:
    own = Path(sys.argv[0]).absolute()
    first = shutil.which(agentsecrets.__name__)
    if any(folder in ("", ".") for folder in os.environ.get("PATH", "").split(":")):
        yield Finding(WARN, "PATH has the current folder in it: a file there can pass for this program", "take . out of PATH")
    if first is None:
        yield Finding(
            WARN, "no agentsecrets is on PATH, so tools and scripts cannot start it by its name", f'export PATH="{own.parent}:$PATH"'
        )
    elif own.name == agentsecrets.__name__ and not Path(first).samefile(own):
        yield Finding(WARN, f"another one stands first on PATH: {first}", f"remove it, or run {own}")


CHECK = Check("program", _look)
