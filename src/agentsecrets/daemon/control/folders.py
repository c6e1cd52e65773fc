"""Verbs about the project files of folders."""

from __future__ import annotations

from typing import Any

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.verify import verify_by_person
from agentsecrets.daemon.control.route import Context, Route
from agentsecrets.errors import NoProjectFile
from agentsecrets.model.place import Place
from agentsecrets.model.statement import FolderTrust
from agentsecrets.team.projects import render_folder, sign_folder
from agentsecrets.wire.messages import Nothing, Signed


async def _find(context: Context, _: Nothing) -> dict[str, Any]:
    folder = await context.daemon.places.folder(context.named.folder)
    if folder is None:
        raise NoProjectFile
    return {"path": folder.path, "trusted": folder.trusted}


async def _trust(context: Context, asked: Signed) -> dict[str, Any]:
    daemon, envelope = context.daemon, Envelope.decode(asked.envelope)
    word = verify_by_person(envelope, daemon.vault.opened.identity, FolderTrust)
    await daemon.worker.run(lambda: daemon.store.put_folder(word.path, envelope.encode()))
    return {"path": word.path}


async def _place(context: Context, _: Nothing) -> dict[str, Any]:
    place, path, _file = await context.located()
    return names_of(context, place) | {"workspace_id": place.workspace_id, "project_id": place.project_id, "resolution": path}


def names_of(context: Context, place: Place) -> dict[str, Any]:
    """What a person calls a place: account, workspace, project, environment."""
    state = context.of(place).workspace.state
    project = dict(state.projects)[place.project_id]
    return {"email": context.daemon.account.email, "workspace": state.name, "project": project, "environment": place.environment}


async def bound_folder(context: Context, place: Place, *, file: str) -> dict[str, Any]:
    """The content of a project file, and this device's word of trust in it; the command writes it."""
    daemon, workspace = context.daemon, context.of(place).workspace
    content = render_folder(workspace.state, place.project_id, place.environment)
    word = sign_folder(workspace.unattended.device, daemon.account.account_id, file, content, daemon.clock.now_ms())
    await daemon.worker.run(lambda: daemon.store.put_folder(file, word.encode()))
    return {"path": file, "content": content.decode()}


ROUTES = (
    Route("/v1/folder", Nothing, _find),
    Route("/v1/folder/trust", Signed, _trust),
    Route("/v1/place", Nothing, _place),
)
