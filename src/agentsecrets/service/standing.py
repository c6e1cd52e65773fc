"""How the service of this machine stands."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from agentsecrets import __version__
from agentsecrets.client.control import Control
from agentsecrets.errors import AgentSecretsError, NoDaemon, NoService
from agentsecrets.service import ownership, program, unit
from agentsecrets.service.system import has_systemd, is_active, is_enabled
from agentsecrets.wire.service import PROGRAM, SHARED, STATE, USER, installed


def standing() -> dict[str, Any]:
    """What is installed, whether it runs, and what is wrong; ``problems`` is empty when all is well.

    Raises:
        NoService: When nothing is installed, not even half.
        ServiceBroken
    """
    found = installed()
    if found is None and not unit.PATH.exists() and not Path(PROGRAM).exists():
        raise NoService
    problems = [] if found else ["half installed: run `sudo agentsecrets service install` again, or `sudo agentsecrets service uninstall`"]
    version = _version(problems)
    _look_at_owner(problems)
    answer = _answer(problems) if found else {}
    return {
        "installed": found is not None,
        "user": USER,
        "program": PROGRAM,
        "version": version,
        "state": STATE,
        "socket": f"{SHARED}/run/control.sock",
        "members": ownership.members(),
        "supervisor": "systemd" if has_systemd() else "",
        "enabled": is_enabled(),
        "active": is_active() or bool(answer),
        "answers": bool(answer),
        "protection": answer.get("protection", ""),
        "locked": answer.get("locked"),
        "port": answer.get("port"),
        "problems": problems,
        "warnings": [f"{who} can probably become root, and root gets at the vault" for who in ownership.who_can_become_root()],
    }


def _version(problems: list[str]) -> str:
    try:
        version = program.check()
    except AgentSecretsError as failure:
        problems.append(failure.message)
        return ""
    if version != __version__:
        problems.append(f"the service's program is version {version}, this command is version {__version__}")
    return version


def _look_at_owner(problems: list[str]) -> None:
    found = installed()
    try:
        owner = ownership.owner()
    except AgentSecretsError as failure:
        problems.append(failure.message)
        return
    if found and (found.uid, found.gid) != (owner.uid, owner.gid):
        problems.append(f"user or group {USER} was made anew since the installation")


def _answer(problems: list[str]) -> dict[str, Any]:
    """What the daemon says of itself to this user; root asks for nobody's membership."""
    try:
        return Control(Path(SHARED), seconds=5.0).ask("/v1/status")
    except NoDaemon:
        problems.append(_silence())
    except AgentSecretsError as failure:
        problems.append(failure.message)
    return {}


def _silence() -> str:
    with contextlib.suppress(OSError):
        if os.geteuid() == 0 and not Path(STATE, "state.db").exists():
            return "there is no account yet: sudo agentsecrets init"
    if has_systemd() and not is_active():
        return "it does not run: sudo systemctl start agentsecrets; `journalctl --unit=agentsecrets` says why it ended"
    if has_systemd():
        return "no daemon answers: there may be no account yet (sudo agentsecrets init)"
    return "no daemon answers: sudo agentsecrets service run starts it, and there may be no account yet (sudo agentsecrets init)"
