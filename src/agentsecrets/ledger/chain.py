"""Making and checking entries: bytes, hash, signature, seal."""

from __future__ import annotations

from collections.abc import Iterable

from agentsecrets.crypto.envelope import Envelope, hash_of
from agentsecrets.crypto.framing import frame
from agentsecrets.crypto.sealing import seal, unseal
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.crypto.verify import verify_by_either
from agentsecrets.errors import AgentSecretsError, LedgerCorrupt, RecordCorrupt, RefusedEntry
from agentsecrets.ledger.rules import PublicState, Refused, apply
from agentsecrets.ledger.state import LedgerState, interpret
from agentsecrets.model.statement import Entry, Identity, as_json


def write_entry(  # noqa: PLR0913  (an entry has this many independent parts)
    public: PublicState,
    entry: str,
    *,
    workspace_id: str,
    author: str,
    subjects: tuple[str, ...],
    sealed: object,
    ledger_key: bytes,
    signer: SigningKey,
    now_ms: int,
    grants: dict[str, bytes] | None = None,
) -> Envelope:
    """Makes the next entry of a chain, sealed and signed. Whether the rules accept it is for ``extend`` to say."""
    box = seal(ledger_key, as_json(sealed), _associated(workspace_id, public.seq, entry))
    statement = Entry(
        workspace_id=workspace_id,
        seq=public.seq,
        prev=public.head,
        entry=entry,
        author=author,
        subjects=subjects,
        epoch=1,
        time_ms=max(now_ms, public.time_ms),
        sealed_hash=hash_of(box),
        grants=grants or {},
    )
    return signer.sign(statement, box)


def extend(state: LedgerState, envelope: Envelope, identity: Identity, ledger_key: bytes) -> LedgerState:
    """Checks one new entry and adds it.

    Raises:
        SignatureInvalid, FormatUnknown: When it is not what it claims to be.
        RefusedEntry: When the rules refuse it.
    """
    entry = verify_by_either(envelope, identity, Entry)
    if entry.author != identity.account_id:
        raise RefusedEntry(problem="its author did not sign it")
    public = apply(state.public, entry, envelope.digest, by_person=not envelope.certificate)
    if isinstance(public, Refused):
        raise RefusedEntry(problem=public.reason)
    return interpret(state, public, entry, _open(envelope, entry, ledger_key))


def replay(envelopes: Iterable[Envelope], identity: Identity, ledger_key: bytes) -> LedgerState:
    """Checks a whole chain from its first entry.

    Raises:
        LedgerCorrupt: At the first entry that does not hold, named by its number.
    """
    state = LedgerState()
    for envelope in envelopes:
        try:
            state = extend(state, envelope, identity, ledger_key)
        except AgentSecretsError as failure:
            raise LedgerCorrupt(seq=state.public.seq, problem=failure.message) from None
    return state


def _open(envelope: Envelope, entry: Entry, ledger_key: bytes) -> bytes | None:
    try:
        return unseal(ledger_key, envelope.sealed, _associated(entry.workspace_id, entry.seq, entry.entry))
    except RecordCorrupt:
        return None


def _associated(workspace_id: str, seq: int, entry: str) -> bytes:
    return frame(b"ledger", workspace_id.encode(), seq.to_bytes(8, "big"), entry.encode())
