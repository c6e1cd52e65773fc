"""Room on the disk: a call that cannot be logged is not made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from agentsecrets.cli.checks.check import FAIL, OK, WARN, Check, Finding, Scene

_MEBIBYTE = 1 << 20
_LITTLE, _TOO_LITTLE = 200 * _MEBIBYTE, 10 * _MEBIBYTE
_FEW_FILES = 100


def _look(scene: Scene) -> Iterator[Finding]:
    if scene.is_shared:
        return
    home = scene.errand.home
    there = next(path for path in (home, *home.parents) if path.exists())
    found = os.statvfs(there)
    free = found.f_bavail * found.f_frsize
    if free < _TOO_LITTLE or (found.f_files and found.f_favail < _FEW_FILES):
        yield Finding(FAIL, f"the disk of {there} is full: calls are refused, because they could not be logged", _mend(there))
    elif free < _LITTLE:
        yield Finding(WARN, f"{free // _MEBIBYTE} MiB are left on the disk of {there}", _mend(there))
    else:
        yield Finding(OK, f"{free // _MEBIBYTE} MiB are free")
    if not os.access(there, os.W_OK):
        yield Finding(FAIL, f"{there} cannot be written, so nothing can be stored or logged", f"chmod u+w {there}")


def _mend(there: Path) -> str:
    return f"free some space there: df -h {there}"


CHECK = Check("disk", _look)
