"""Our entry in the settings of AI tools."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from agentsecrets.cli.checks.check import FAIL, OK, WARN, Check, Finding, Scene
from agentsecrets.mcp.chosen import Chosen
from agentsecrets.mcp.clients import ALL
from agentsecrets.mcp.clients.client import Client, Surroundings
from agentsecrets.mcp.install import ABSENT, Installer, command_for, program_of


def _look(scene: Scene) -> Iterator[Finding]:
    chosen = Chosen(workspace=scene.errand.workspace, project=scene.errand.project, environment=scene.errand.environment)
    for folder in (None, Path(scene.errand.folder)):
        installer = Installer(Surroundings.here(), command_for(chosen, in_folder=folder is not None), folder, dry=True)
        for client in ALL:
            if folder is None or client.in_folder:
                yield from _of(installer, client)


def _of(installer: Installer, client: Client) -> Iterator[Finding]:
    outcome = installer.state(client)
    if outcome.result == ABSENT:
        return
    if outcome.failure is not None:
        yield Finding(WARN, f"{client.title}: {outcome.failure.message}", outcome.failure.hint)
        return
    program = program_of(installer.settings(client).entry())
    again = f"agentsecrets mcp install --client {client.name}{' --in-folder' if installer.folder else ''}"
    if shutil.which(program) is None:
        yield Finding(FAIL, f"{client.title} is to start {program}, which is not there", again)
    else:
        yield Finding(OK, f"{client.title} starts {program}, by {outcome.path}")


CHECK = Check("AI tools", _look)
