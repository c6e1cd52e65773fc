"""Taking the service out of a machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from agentsecrets.service import keeping, ownership, program, unit
from agentsecrets.service.install import LINK
from agentsecrets.service.step import Step
from agentsecrets.service.system import UNIT, has_systemd, is_active, is_enabled, run
from agentsecrets.wire.service import MARKER, PROGRAM, SHARED, STATE


def removing(*, purge: bool) -> Iterator[Step]:
    """The steps of a removal. The marker goes last of what commands look at: until then none falls back to a state folder of its own.

    Args:
        purge: Whether the vault, the user and the group go too.
    """
    yield Step("stop the service", lambda: not is_active() and not keeping.keeper(), keeping.stop)
    if has_systemd():
        yield Step("have systemd start it no more", lambda: not is_enabled(), lambda: run("systemctl", "disable", "--quiet", UNIT))
    yield Step(f"remove {unit.PATH}", lambda: not unit.PATH.exists(), _remove_unit)
    yield Step(f"remove {SHARED}", lambda: not Path(SHARED).exists(), lambda: shutil.rmtree(SHARED))
    yield Step(f"remove the link {LINK}", lambda: not _is_ours(), LINK.unlink)
    yield Step(f"remove {PROGRAM}", lambda: not _has_program(), program.remove)
    if purge:
        yield Step(f"remove {STATE}, with everything that is in the vault", lambda: not Path(STATE).exists(), lambda: shutil.rmtree(STATE))
        yield from ownership.giving_up()
    yield Step(f"remove {MARKER}", lambda: not Path(MARKER).parent.exists(), lambda: shutil.rmtree(Path(MARKER).parent))


def _remove_unit() -> None:
    unit.PATH.unlink()
    if has_systemd():
        run("systemctl", "daemon-reload")


def _is_ours() -> bool:
    return LINK.is_symlink() and LINK.readlink() == Path(PROGRAM, "bin", "agentsecrets")


def _has_program() -> bool:
    return any(Path(f"{PROGRAM}{suffix}").exists() for suffix in ("", ".new", ".old"))
