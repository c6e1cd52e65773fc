"""Commands that a person lets have values without being asked again."""

from __future__ import annotations

import hashlib
import hmac

import msgspec

from agentsecrets.crypto.envelope import Envelope, hash_of
from agentsecrets.crypto.framing import frame
from agentsecrets.crypto.sealing import seal, unseal
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.crypto.verify import verify_by_person
from agentsecrets.crypto.workspace import WorkspaceKeys
from agentsecrets.errors import AgentSecretsError, RememberedNotFound, SignatureInvalid
from agentsecrets.model.place import Environment, ProjectId
from agentsecrets.model.statement import Identity, RememberedStatement, as_json, read_json
from agentsecrets.ports import StateStore, Worker
from agentsecrets.vault.workspace import Workspace


class Remembered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which command, run where, may have which keys. One that differs in anything is another command.

    Attributes:
        folder: Where it runs.
        command: Its words, exactly.
        keys: Names of what it gets, sorted.
    """

    project_id: ProjectId
    environment: Environment
    folder: bytes
    command: tuple[bytes, ...]
    keys: tuple[str, ...]

    @property
    def id(self) -> str:
        """SHA-256 of all of it, in hexadecimal."""
        keys = frame(*(key.encode() for key in self.keys))
        place = (self.project_id.encode(), self.environment.encode(), self.folder)
        return hashlib.sha256(frame(*place, frame(*self.command), keys)).hexdigest()


def write_remembered(
    keys: WorkspaceKeys, workspace_id: str, remembered: Remembered, *, author: str, signer: SigningKey, now_ms: int
) -> Envelope:
    """Makes a person's word for a command: signed, and sealed so that the disk tells neither command nor key names.

    Args:
        keys: Keys of the workspace.
        workspace_id: The workspace.
        remembered: The command.
        author: Account id of the signer.
        signer: The person's key.
        now_ms: The time to write into it.
    """
    box = seal(keys.remembered_key, as_json(remembered), _associated(workspace_id))
    statement = RememberedStatement(
        account_id=author, workspace_id=workspace_id, remembered_id=_stored_id(keys, remembered), time_ms=now_ms, sealed_hash=hash_of(box)
    )
    return signer.sign(statement, box)


def read_remembered(keys: WorkspaceKeys, workspace_id: str, identity: Identity, envelope: Envelope) -> tuple[int, Remembered]:
    """Checks and opens a word; answers when it was given, and the command.

    Raises:
        SignatureInvalid: When no person of this account signed it for this workspace.
        RecordCorrupt, FormatUnknown: When the sealed part does not open.
    """
    statement = verify_by_person(envelope, identity, RememberedStatement)
    if (statement.workspace_id, statement.account_id) != (workspace_id, identity.account_id):
        raise SignatureInvalid
    plain = unseal(keys.remembered_key, envelope.sealed, _associated(workspace_id))
    remembered = read_json(plain, Remembered, "remembered command")
    if statement.remembered_id != _stored_id(keys, remembered):
        raise SignatureInvalid
    return statement.time_ms, remembered


class RememberedCommands:
    """The words in force; read from the store each time, because they are few and asked for once a run."""

    def __init__(self, workspace: Workspace, store: StateStore, worker: Worker) -> None:
        self._workspace, self._store, self._worker = workspace, store, worker
        self._taken_back: dict[str, int] = {}

    async def has(self, remembered: Remembered) -> bool:
        """Whether a person gave a word for exactly this command."""
        return any(known == remembered for _, known in await self.all())

    async def all(self) -> list[tuple[int, Remembered]]:
        """Every command with the time of its word in Unix milliseconds; what does not hold is left out."""
        found = []
        for encoded in await self._worker.run(self._store.remembered):
            try:
                time_ms, remembered = self._read(Envelope.decode(encoded))
            except AgentSecretsError:
                continue
            if time_ms > self._taken_back.get(remembered.id, -1):
                found.append((time_ms, remembered))
        return sorted(found, key=lambda word: word[0])

    async def accept(self, envelope: Envelope, remembered: Remembered) -> None:
        """Checks a word, which must be for this very command, and stores it.

        Raises:
            SignatureInvalid, RecordCorrupt, FormatUnknown
        """
        if self._read(envelope)[1] != remembered:
            raise SignatureInvalid
        stored_id, encoded = _stored_id(self._workspace.keys, remembered), envelope.encode()
        await self._worker.run(lambda: self._store.put_remembered(stored_id, encoded))

    async def forget(self, beginning: str) -> Remembered:
        """Takes back the word for the one command whose id begins so; needs no person, because it only narrows.

        Raises:
            RememberedNotFound: When there is none, or more than one.
        """
        meant = [word for word in await self.all() if beginning and word[1].id.startswith(beginning)]
        if len(meant) != 1:
            raise RememberedNotFound(id=beginning if beginning.isalnum() else "of that id")
        time_ms, remembered = meant[0]
        stored_id = _stored_id(self._workspace.keys, remembered)
        self._taken_back[remembered.id] = time_ms  # the same word put back by somebody else does not count
        await self._worker.run(lambda: self._store.drop_remembered(stored_id))
        return remembered

    def _read(self, envelope: Envelope) -> tuple[int, Remembered]:
        return read_remembered(self._workspace.keys, self._workspace.id, self._workspace.identity, envelope)


def _stored_id(keys: WorkspaceKeys, remembered: Remembered) -> str:
    """The id under which the disk knows it: nobody without the key can tell a guessed command by it."""
    return hmac.new(keys.remembered_key, remembered.id.encode(), hashlib.sha256).hexdigest()


def _associated(workspace_id: str) -> bytes:
    return frame(b"remembered", workspace_id.encode())
