"""The bytes of a binding: sealed, signed, and what its signature is worth."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from agentsecrets.crypto.envelope import Envelope, hash_of
from agentsecrets.crypto.framing import frame
from agentsecrets.crypto.sealing import seal, unseal
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.crypto.verify import verify_by_either
from agentsecrets.crypto.workspace import WorkspaceKeys
from agentsecrets.errors import SignatureInvalid
from agentsecrets.model.binding import Binding, Origin
from agentsecrets.model.call import StyleName
from agentsecrets.model.place import DEFAULT_ENVIRONMENT, Place, ProjectId, WorkspaceId
from agentsecrets.model.secret import KeyName
from agentsecrets.model.statement import BindingStatement, Identity, as_json, read_json

_RESTS_ON: dict[Origin, tuple[Origin, ...]] = {"pinned": ("open",), "narrowed": ("pinned", "person"), "person": (), "open": ()}
"""What a device may sign is worth something only beside what it rests on; nothing rests on what has been narrowed already."""
_BY_DEVICE = frozenset({"pinned", "narrowed"})


class SignedBinding(NamedTuple):
    """A binding whose signature holds.

    Attributes:
        statement: Its public part.
        binding: What it says.
        ground: The encoded envelope that a narrowing of it rests on: itself, or what it rests on when it is a narrowing.
    """

    statement: BindingStatement
    binding: Binding
    ground: bytes


class _Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The sealed part of a binding: a member that is not known here could narrow it, so it is refused."""

    key: KeyName
    hosts: tuple[str, ...]
    style: StyleName
    slot: str
    methods: tuple[str, ...]
    paths: tuple[str, ...]
    origin: Origin
    base: bytes = b""

    def binding(self) -> Binding:
        return Binding(self.key, self.hosts, self.style, self.slot, self.methods, self.paths, self.origin)


def write_binding(  # noqa: PLR0913  (a signed binding has this many independent parts)
    keys: WorkspaceKeys,
    place: Place,
    binding: Binding,
    *,
    previous: bytes | None,
    author: str,
    signer: SigningKey,
    now_ms: int,
    base: bytes = b"",
) -> Envelope:
    """Makes a binding, sealed and signed.

    Args:
        keys: Keys of the workspace.
        place: Where the key lives; a binding holds for all environments of its project.
        binding: What to write.
        previous: The encoded binding that it replaces.
        author: Account id of the signer.
        signer: The person's key, or this device's for a pin or a narrowing.
        now_ms: The time to write into it.
        base: The encoded binding that it rests on: what a narrowing narrows, or the word by which a person let a key be pinned anew.
    """
    told = _Told(
        key=binding.key,
        hosts=binding.hosts,
        style=binding.style,
        slot=binding.slot,
        methods=binding.methods,
        paths=binding.paths,
        origin=binding.origin,
        base=base,
    )
    binding_id = keys.binding_id(place.project_id, binding.key)
    box = seal(keys.binding_key(place.project_id), as_json(told), _associated(place, binding_id))
    statement = BindingStatement(
        workspace_id=place.workspace_id,
        project_id=place.project_id,
        binding_id=binding_id,
        prev="" if previous is None else Envelope.decode(previous).digest,
        author=author,
        epoch=1,
        time_ms=now_ms,
        sealed_hash=hash_of(box),
    )
    return signer.sign(statement, box)


def read_binding(keys: WorkspaceKeys, identity: Identity, envelope: Envelope) -> SignedBinding:
    """Checks and opens a binding.

    Raises:
        SignatureInvalid: When signature, author or origin does not hold: a device signs pins of keys that have no binding, and what
            permits nothing more than the person's binding, or the pin, that it carries along.
        RecordCorrupt, FormatUnknown: When the sealed part does not open.
    """
    statement = verify_by_either(envelope, identity, BindingStatement)
    place = Place(WorkspaceId(statement.workspace_id), ProjectId(statement.project_id), DEFAULT_ENVIRONMENT)
    plain = unseal(keys.binding_key(place.project_id), envelope.sealed, _associated(place, statement.binding_id))
    told = read_json(plain, _Told, "binding")
    binding = told.binding()
    if (
        (binding.origin in _BY_DEVICE) != bool(envelope.certificate)
        or statement.author != identity.account_id
        or statement.binding_id != keys.binding_id(place.project_id, binding.key)
        or bool(binding.hosts) == (binding.origin == "open")
    ):
        raise SignatureInvalid
    base = _base(keys, identity, statement, told)
    return SignedBinding(statement, binding, base if binding.origin == "narrowed" else envelope.encode())


def _base(keys: WorkspaceKeys, identity: Identity, statement: BindingStatement, told: _Told) -> bytes:
    """What a binding rests on, checked; a first pin and a person's word rest on nothing."""
    if not told.base:
        if told.origin == "narrowed" or (told.origin == "pinned" and statement.prev):
            raise SignatureInvalid
        return b""
    if not _RESTS_ON[told.origin]:
        raise SignatureInvalid
    envelope = Envelope.decode(told.base)
    under = read_binding(keys, identity, envelope)
    if (
        under.binding.origin not in _RESTS_ON[told.origin]
        or _of(under.statement) != _of(statement)
        or (told.origin == "narrowed" and not told.binding().within(under.binding))
        or (told.origin == "pinned" and statement.prev != envelope.digest)
    ):
        raise SignatureInvalid
    return told.base


def _of(statement: BindingStatement) -> tuple[str, str, str]:
    return statement.workspace_id, statement.project_id, statement.binding_id


def _associated(place: Place, binding_id: str) -> bytes:
    return frame(b"binding", place.workspace_id.encode(), place.project_id.encode(), binding_id.encode())
