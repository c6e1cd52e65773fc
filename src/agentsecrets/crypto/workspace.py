"""The workspace key and what is derived from it."""

from __future__ import annotations

import hashlib
import hmac

from agentsecrets.crypto.boxes import SealingKey, seal_to
from agentsecrets.crypto.framing import frame
from agentsecrets.crypto.sealing import KEY_BYTES, derive, new_key
from agentsecrets.errors import RecordCorrupt
from agentsecrets.model.place import Environment, ProjectId
from agentsecrets.model.secret import KeyName


class WorkspaceKeys:
    """The key of one workspace at one epoch. It encrypts nothing itself."""

    __slots__ = ("__key", "ledger_key")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise RecordCorrupt
        self.__key = key
        self.ledger_key = derive(key, b"agentsecrets/v1/ledger")

    @classmethod
    def generate(cls) -> WorkspaceKeys:
        """A fresh workspace key."""
        return cls(new_key())

    @classmethod
    def from_grant(cls, grant: bytes, sealing: SealingKey) -> WorkspaceKeys:
        """Opens a grant.

        Raises:
            RecordCorrupt: When it was sealed to another key or altered.
        """
        return cls(sealing.open(grant))

    def grant_to(self, public: bytes) -> bytes:
        """The key, sealed to one member's sealing key."""
        return seal_to(public, self.__key)

    def vault_key(self, project_id: ProjectId, environment: Environment) -> bytes:
        """The key that seals the records of one vault."""
        return derive(self.__key, frame(b"agentsecrets/v1/vault", project_id.encode(), environment.encode()))

    def binding_key(self, project_id: ProjectId) -> bytes:
        """The key that seals the bindings of one project; whoever reads the ledger can derive it."""
        return derive(self.ledger_key, frame(b"agentsecrets/v1/binding", project_id.encode()))

    def binding_id(self, project_id: ProjectId, key_name: KeyName) -> str:
        """The id of a key's binding, from which the name cannot be told."""
        name_key = derive(self.ledger_key, frame(b"agentsecrets/v1/binding-id", project_id.encode()))
        return hmac.new(name_key, key_name.encode(), hashlib.sha256).hexdigest()

    @property
    def remembered_key(self) -> bytes:
        """The key that seals the words for remembered commands."""
        return derive(self.__key, b"agentsecrets/v1/remembered")

    def __repr__(self) -> str:
        return "<WorkspaceKeys>"
