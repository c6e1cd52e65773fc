"""Root's own copy of this program, in a virtual environment that holds nothing else."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import agentsecrets
from agentsecrets.errors import ServiceUnsupported, UnsafeProgram
from agentsecrets.service.system import run, said_by
from agentsecrets.wire.failures import from_json
from agentsecrets.wire.service import PROGRAM, USER

_DISTRIBUTION = "agentsecrets-cli"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
_PACKAGES = Path("lib", f"python{_VERSION}", "site-packages")
_COMMAND = f"#!{PROGRAM}/bin/python -IP\nimport sys\n\nfrom agentsecrets.cli.main import main\n\nsys.exit(main())\n"
_MOST_BYTES = 1 << 28

Sources = dict[Path, Path]
"""Path below ``site-packages`` → the file to copy there."""


def sources() -> Sources:
    """Every file of this program and of the libraries that it needs, as they are installed here.

    Raises:
        ServiceUnsupported: When an installed library does not say which files are its own.
    """
    found: Sources = {}
    for name in sorted(_needed(_DISTRIBUTION)):
        library = metadata.distribution(name)
        for listed in library.files or _untold(name):
            if ".." not in listed.parts and not listed.is_absolute() and _is_wanted(listed.parts):
                found[Path(listed)] = Path(str(library.locate_file(listed)))
    ours = Path(agentsecrets.__path__[0])
    for path in ours.rglob("*"):
        if path.is_file() and _is_wanted(path.parts):
            found[Path("agentsecrets") / path.relative_to(ours)] = path
    return found


def is_current(wanted: Sources) -> bool:
    """Whether the copy is there and is what it would be made of now."""
    there = Path(PROGRAM, _PACKAGES)
    copied = {path.relative_to(there): path for path in there.rglob("*") if path.is_file() and _is_wanted(path.parts)}
    with contextlib.suppress(OSError):
        made = Path(PROGRAM, "bin", "agentsecrets").read_text(encoding="utf-8") == _COMMAND
        same_python = Path(PROGRAM, "pyvenv.cfg").read_text(encoding="utf-8") == _configuration()
        return made and same_python and copied.keys() == wanted.keys() and _digest(copied) == _digest(wanted)
    return False


def replace(wanted: Sources) -> None:
    """Makes the copy beside the one that is there, checks it, and then lets it take that one's place.

    Raises:
        UnsafeProgram: When somebody who is not root could change a part of it.
        ServiceUnsupported, SystemRefused
    """
    fresh, old = Path(f"{PROGRAM}.new"), Path(f"{PROGRAM}.old")
    for left in (fresh, old):
        shutil.rmtree(left, ignore_errors=True)
    _make(fresh, wanted)
    check(fresh)
    if Path(PROGRAM).exists():
        Path(PROGRAM).rename(old)
    fresh.rename(PROGRAM)
    shutil.rmtree(old, ignore_errors=True)


def remove() -> None:
    """Removes the copy, and what an installation that was cut off has left beside it."""
    for path in (PROGRAM, f"{PROGRAM}.new", f"{PROGRAM}.old"):
        shutil.rmtree(path, ignore_errors=True)


def check(program: Path = Path(PROGRAM)) -> str:
    """Has the copy look at where it and everything that it loads lies; as the service's user when root asks, who must be able to read it.

    Returns:
        Its version.

    Raises:
        UnsafeProgram
    """
    code, said = said_by(
        str(program / "bin" / "python"), "-I", "-P", "-m", "agentsecrets.daemon.provenance", user=None if os.geteuid() else USER
    )
    if not said:
        raise UnsafeProgram(problem=f"{program} cannot be run")
    if code:
        raise from_json(said.encode())
    return str(json.loads(said)["version"])


def _needed(name: str, known: frozenset[str] = frozenset()) -> frozenset[str]:
    """A distribution and all that it needs and that is installed; what only an extra or another system needs is not."""
    if name in known:
        return known
    known |= {name}
    for requirement in metadata.distribution(name).requires or ():
        match = _NAME.match(requirement)
        if match and "extra ==" not in requirement and _is_installed(match[0]):
            known = _needed(match[0], known)
    return known


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _untold(name: str) -> Iterator[metadata.PackagePath]:
    raise ServiceUnsupported(
        problem=f"the library {name} does not say which files are its own; install into a virtual environment with pip"
    )


def _is_wanted(parts: tuple[str, ...]) -> bool:
    return "__pycache__" not in parts and not parts[-1].endswith((".pyc", ".pth"))


def _digest(files: Sources) -> str:
    whole = hashlib.sha256()
    for path in sorted(files):
        whole.update(f"{path}\0".encode() + hashlib.sha256(_content(files[path])).digest())
    return whole.hexdigest()


def _content(path: Path) -> bytes:
    """A regular file, not through a link: what is copied becomes readable to everybody."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_MOST_BYTES)


def _make(program: Path, wanted: Sources) -> None:
    program.mkdir(mode=0o755, parents=True)
    program.chmod(0o755)
    for path, source in wanted.items():
        try:
            _write(program / _PACKAGES / path, _content(source), 0o644)
        except OSError as failure:
            raise ServiceUnsupported(problem=f"{source} cannot be copied: {failure.strerror}") from None
    _write(program / "pyvenv.cfg", _configuration().encode(), 0o644)
    _write(program / "bin" / "agentsecrets", _COMMAND.encode(), 0o755)
    (program / "bin" / "python").symlink_to(_interpreter())
    run(str(program / "bin" / "python"), "-I", "-P", "-m", "compileall", "-q", "-s", str(program), "-p", PROGRAM, str(program / _PACKAGES))


def _write(path: Path, content: bytes, mode: int) -> None:
    for folder in reversed(path.parents):
        if not folder.exists():
            folder.mkdir()
            folder.chmod(0o755)
    path.write_bytes(content)
    path.chmod(mode)


def _interpreter() -> Path:
    base = getattr(sys, "_base_executable", sys.executable)
    return Path(base).resolve()


def _configuration() -> str:
    """Source: PEP 405 and the documentation of ``site``: an environment that sees no other packages."""
    return f"home = {_interpreter().parent}\ninclude-system-site-packages = false\nversion = {_VERSION}\n"
