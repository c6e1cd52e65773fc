"""Does the log hold together?"""

from __future__ import annotations

from dataclasses import dataclass

from agentsecrets.audit.chain import START, decode, link
from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.verify import verify_by_device
from agentsecrets.errors import FormatUnknown, SignatureInvalid
from agentsecrets.model.statement import Checkpoint, Identity
from agentsecrets.ports import AuditStore, LogRow

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
    rows, whole = _walk(store, anchors)
    last = max(anchors, default=-1)
    bad = [index for index in (forged, None if whole and last < rows else rows) if index is not None]
    return Verdict(rows, last + 1, min(bad, default=None))


def _walk(store: AuditStore, anchors: dict[int, str]) -> tuple[int, bool]:
    """How many rows hold from the first on, and whether these are all there are."""
    index, digest = 0, START
    while batch := store.rows(index, _BATCH):
        for row in batch:
            digest = link(digest, row.payload)
            fits = row.index == index and row.hash == digest and anchors.get(index, digest.hex()) == digest.hex()
            if not fits or not _says_what_it_shows(row):
                return index, False
            index += 1
    return index, True


def _says_what_it_shows(row: LogRow) -> bool:
    """Whether the columns by which rows are found agree with the bytes that the chain covers."""
    try:
        event = decode(row.payload)
    except FormatUnknown:
        return False
    return (event.id, event.phase) == (row.id, row.phase)


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
