"""Installing the service: what has to be done, in the order in which a cut leaves nothing half believed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from agentsecrets.errors import ServiceBroken, ServiceUserTaken
from agentsecrets.service import keeping, ownership, program, unit
from agentsecrets.service.step import Step
from agentsecrets.service.system import UNIT, has_systemd, is_active, is_enabled, run
from agentsecrets.wire.service import MARKER, PROGRAM, Service, installed

LINK = Path("/usr/local/bin/agentsecrets")


def installing(users: Sequence[str]) -> Iterator[Step]:
    """The steps of an installation. The marker comes last but for the start: before it, no command believes in a service.

    Args:
        users: Who may use it.
    """
    yield from ownership.owning(users)
    wanted = program.sources()
    yield Step(
        f"copy the program to {PROGRAM}, for root alone to change", lambda: program.is_current(wanted), lambda: _replace_program(wanted)
    )
    yield Step(f"check that only root can change {PROGRAM} and what it loads", lambda: False, _check_program)
    yield Step(f"link {LINK} to it", _is_linked, lambda: LINK.symlink_to(f"{PROGRAM}/bin/agentsecrets"))
    if has_systemd() or unit.PATH.parent.is_dir():
        yield Step(f"write the unit {unit.PATH}", lambda: _is(unit.PATH, unit.unit_text().encode()), _write_unit)
    yield Step(f"write {MARKER}: commands on this machine speak to the service from now on", _is_marked, _mark)
    if has_systemd():
        yield Step(f"have systemd start {UNIT} with the machine", is_enabled, lambda: run("systemctl", "enable", "--quiet", UNIT))
        yield Step(f"start {UNIT}", is_active, lambda: run("systemctl", "restart", UNIT))


def _replace_program(wanted: program.Sources) -> None:
    """Replaces the program while nothing of it runs: what a daemon loads late must be of its own version."""
    keeping.stop()
    program.replace(wanted)


def _check_program() -> None:
    program.check()


def _is_linked() -> bool:
    """Whether nothing is to be done: the link is there, or something of somebody else is, which stays."""
    return os.path.lexists(LINK) or not LINK.parent.is_dir()


def _write_unit() -> None:
    keeping.stop()
    write(unit.PATH, unit.unit_text().encode())
    if has_systemd():
        run("systemctl", "daemon-reload")


def _is_marked() -> bool:
    with contextlib.suppress(ServiceUserTaken, ServiceBroken):
        wanted, found = ownership.owner(), installed()
        return found is not None and (found.uid, found.gid) == (wanted.uid, wanted.gid)
    return False


def _mark() -> None:
    found = ownership.owner()
    Path(MARKER).parent.mkdir(mode=0o755, exist_ok=True)
    Path(MARKER).parent.chmod(0o755)
    os.chown(Path(MARKER).parent, 0, 0)
    write(Path(MARKER), Service(found.uid, found.gid).encode())


def write(path: Path, content: bytes) -> None:
    """Replaces a file of root's that everybody may read, in one step."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o644)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)


def _is(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False
