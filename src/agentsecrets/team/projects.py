"""Projects of a workspace, and the folders that are bound to them."""

from __future__ import annotations

import hashlib

import msgspec

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.crypto.verify import verify_by_either
from agentsecrets.errors import AgentSecretsError, BadName, BadUsage, FormatUnknown, ProjectExists, ProjectNotFound
from agentsecrets.ledger.state import Gone, LedgerState
from agentsecrets.model.place import ENVIRONMENTS, ProjectId, is_id, parse_name
from agentsecrets.model.statement import FolderTrust, Identity, read_json

FILE_NAME = ".agentsecrets/project.json"
KEPT_DELETED_MS = 30 * 24 * 3600 * 1000
"""How long a deleted project can be restored, in milliseconds."""


class FolderProject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``.agentsecrets/project.json`` says: ids and names, safe to commit."""

    version: int = 1
    workspace_id: str
    workspace: str
    project_id: str
    project: str
    environment: str = "development"


def find_project(state: LedgerState, name_or_id: str) -> ProjectId:
    """The id of a project by name or id.

    Raises:
        ProjectNotFound: When this workspace has none of that name.
    """
    for project_id, name in state.projects:
        if name_or_id in (project_id, name):
            return ProjectId(project_id)
    raise ProjectNotFound(project=name_or_id).guess(name_or_id, (name for _, name in state.projects))


def deleted_projects(state: LedgerState, now_ms: int) -> list[Gone]:
    """Projects that were deleted less than 30 days ago, the last one first."""
    return [gone for gone in reversed(state.gone) if now_ms - gone.time_ms < KEPT_DELETED_MS]


def find_deleted_project(state: LedgerState, name_or_id: str, now_ms: int) -> tuple[ProjectId, str]:
    """The id and name of a project that can be restored.

    Raises:
        ProjectNotFound: When none of that name was deleted, or too long ago.
    """
    for gone in deleted_projects(state, now_ms):
        if name_or_id in (gone.project_id, gone.name):
            return ProjectId(gone.project_id), gone.name
    raise ProjectNotFound(project=name_or_id).guess(name_or_id, (gone.name for gone in deleted_projects(state, now_ms)))


def check_new_name(state: LedgerState, name: str, *, besides: str = "") -> None:
    """Refuses a name that is taken, whatever its case.

    Args:
        state: The workspace.
        name: The name.
        besides: Id of the project that may have it already, as one that gets a name of other letters.

    Raises:
        ProjectExists
    """
    if name.casefold() in {taken.casefold() for project_id, taken in state.projects if project_id != besides}:
        raise ProjectExists(project=name)


def render_folder(state: LedgerState, project_id: ProjectId, environment: str) -> bytes:
    """The bytes of ``project.json`` for a project and the environment that counts in the folder."""
    project = FolderProject(
        workspace_id=state.public.workspace_id,
        workspace=state.name,
        project_id=project_id,
        project=dict(state.projects)[project_id],
        environment=environment,
    )
    return msgspec.json.format(msgspec.json.encode(project), indent=2) + b"\n"


def parse_folder(content: bytes) -> FolderProject:
    """Reads ``project.json``, strictly.

    Raises:
        FormatUnknown: When it is not of the shape that ``render_folder`` writes.
    """
    project = read_json(content, FolderProject, FILE_NAME)
    ids_hold = is_id(project.project_id) and is_id(project.workspace_id)
    if project.version != 1 or not ids_hold or project.environment not in ENVIRONMENTS:
        raise FormatUnknown(kind=FILE_NAME)
    for name in (project.project, project.workspace):
        _check_shown(name)
    return project


def sign_folder(signer: SigningKey, account_id: str, path: str, content: bytes, now_ms: int) -> Envelope:
    """Gives a word of trust in one file at one path with this very content.

    Raises:
        BadUsage: When the path is not UTF-8: it could not be written down.
    """
    if any("\ud800" <= letter <= "\udfff" for letter in path):
        raise BadUsage(problem="the path of this folder is not UTF-8, so no word of trust can name it")
    digest = hashlib.sha256(content).hexdigest()
    return signer.sign(FolderTrust(account_id=account_id, path=path, sha256=digest, time_ms=now_ms))


def is_trusted(encoded: bytes | None, identity: Identity, path: str, content: bytes) -> bool:
    """Whether a stored word of trust holds for a file as it is now."""
    if encoded is None:
        return False
    try:
        word = verify_by_either(Envelope.decode(encoded), identity, FolderTrust)
    except AgentSecretsError:
        return False
    return (word.path, word.sha256) == (path, hashlib.sha256(content).hexdigest())


def _check_shown(name: str) -> None:
    """What a stranger's file calls itself is shown to people: it must be a name."""
    try:
        parse_name(name, "project")
    except BadName:
        raise FormatUnknown(kind=FILE_NAME) from None
