"""Does the log hold together?"""

from __future__ import annotations

from dataclasses import dataclass

from agentsecrets.audit.chain import START, link
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.verify import verify_by_device
from agentsecrets.errors import FormatUnknown, SignatureInvalid
from agentsecrets.model.statement import Checkpoint, Identity
from agentsecrets.ports import AuditStore

_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an examination of the log found.

    Attributes:
        rows: Rows examined.
        anchored: Rows up to the last signed checkpoint: beyond it, a cut at the end cannot be seen.
        first_bad: Index of the first row that is missing, altered or out of place, None when all hold.
    """

    rows: int
    anchored: int
    first_bad: int | None


def verify_log(store: AuditStore, identity: Identity) -> Verdict:
    """Walks the chain and holds it against the signed checkpoints. Blocking: run it in a worker."""
    anchors, forged = _anchors(store, identity)
    index, digest = 0, START
    while batch := store.rows(index, _BATCH):
        for row in batch:
            digest = link(digest, row.payload)
            if row.index != index or row.hash != digest or anchors.get(index, digest.hex()) != digest.hex():
                return Verdict(index, max(anchors, default=-1) + 1, index)
            index += 1
    last = max(anchors, default=-1)
    missing = index if last >= index else None
    return Verdict(index, last + 1, missing if forged is None else min(forged, index if missing is None else missing))


def _anchors(store: AuditStore, identity: Identity) -> tuple[dict[int, str], int | None]:
    anchors: dict[int, str] = {}
    for index, encoded in store.checkpoints():
        try:
            word = verify_by_device(Envelope.decode(encoded), identity, Checkpoint)
        except (SignatureInvalid, FormatUnknown):
            return anchors, index
        if word.index != index:
            return anchors, index
        anchors[index] = word.hash
    return anchors, None
