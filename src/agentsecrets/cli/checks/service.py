"""The service of this machine, where one is installed."""

from __future__ import annotations

from collections.abc import Iterator

from agentsecrets.cli.checks.check import FAIL, OK, WARN, Check, Finding, Scene
from agentsecrets.errors import NoService
from agentsecrets.service.standing import standing


def _look(_: Scene) -> Iterator[Finding]:
    try:
        found = standing()
    except NoService:
        return
    for problem in found["problems"]:
        yield Finding(FAIL, problem, "sudo agentsecrets service status")
    for warning in found["warnings"]:
        yield Finding(WARN, warning, "give your agents a user who cannot")
    if not found["problems"]:
        yield Finding(OK, f"version {found['version']} runs as {found['user']}, and the vault is its own")


CHECK = Check("service", _look)
