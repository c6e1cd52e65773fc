"""The state folder: whose it is, and whether what lies in it can be read."""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterator

from agentsecrets.cli.checks.check import FAIL, OK, WARN, Check, Finding, Scene

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def _look(scene: Scene) -> Iterator[Finding]:
    home = scene.errand.home
    if scene.is_shared:
        yield Finding(OK, "it belongs to a service of this machine: agentsecrets service status")
        return
    if not scene.examined:
        yield Finding(FAIL, "it could not be looked at: see the finding before", "agentsecrets doctor")
        return
    where = shlex.quote(str(home))
    if home.exists() and not home.is_dir():
        yield Finding(FAIL, f"{home} is no folder", f"move it away: mv {where} {where}.before")
        return
    broken = scene.refused("folder", "settings", "state", "log")
    yield from broken
    if not home.exists():
        yield Finding(WARN, f"{home} is not there: there is no account on this machine", "agentsecrets init")
    elif not scene.examined["account"]:
        yield Finding(WARN, f"{home} holds no account", "agentsecrets init")
    elif not broken and home.stat().st_mode & _OTHERS:
        yield Finding(WARN, f"others may look into {home}", f"chmod 700 {where}")
    elif not broken:
        yield Finding(OK, f"{home} is yours alone, and holds an account")


CHECK = Check("state folder", _look)
