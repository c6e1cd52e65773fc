"""Environment variables that choose for this program, or change what is loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator

from agentsecrets.cli.checks.check import OK, WARN, Check, Finding, Scene

_CHOOSES = {
    "AGENTSECRETS_HOME": "the state folder",
    "AGENTSECRETS_PORT": "the port of the proxy",
    "AGENTSECRETS_WORKSPACE": "the workspace",
    "AGENTSECRETS_PROJECT": "the project, before this folder's file",
    "AGENTSECRETS_ENVIRONMENT": "the environment, before this folder's file",
    "AGENTSECRETS_ENV": "the environment, before this folder's file",
    "AS_ENV": "the environment, before this folder's file",
    "AGENTSECRETS_AGENT_ID": "the name under which calls are logged",
    "AGENTSECRETS_TOKEN": "the agent token of calls",
}
_LOADS = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONUSERBASE",
    "PYTHONINSPECT",
    "PYTHONBREAKPOINT",
    "LD_PRELOAD",
    "LD_AUDIT",
    "LD_LIBRARY_PATH",
    "DYLD_INSERT_LIBRARIES",
    "DYLD_LIBRARY_PATH",
)
_OURS = "AGENTSECRETS_"


def _look(_: Scene) -> Iterator[Finding]:
    """Names alone: what a variable says may be a value that somebody put there."""
    found = [*_shadowing(), *_loading()]
    yield from found or [Finding(OK, "none that changes what this program does")]


def _shadowing() -> Iterator[Finding]:
    for name, chooses in _CHOOSES.items():
        if os.environ.get(name):
            yield Finding(WARN, f"{name} chooses {chooses}", f"unset {name}")
    for name in sorted(os.environ):
        if name.startswith(_OURS) and name not in _CHOOSES:
            yield Finding(
                WARN, f"{name} is no variable of this program; whatever it holds, every program of yours can read", f"unset {name}"
            )


def _loading() -> Iterator[Finding]:
    for name in _LOADS:
        if os.environ.get(name):
            words = f"{name} changes what commands load; the daemon and the program that asks for your password are started without it"
            yield Finding(WARN, words, f"unset {name}")


CHECK = Check("variables", _look)
