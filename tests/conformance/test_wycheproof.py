"""Wycheproof's vectors, through the functions that this project's own sealing, signing and boxes go through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agentsecrets.crypto.boxes import SealingKey
from agentsecrets.crypto.sealing import KEY_BYTES, NONCE_BYTES, VERSION, unseal
from agentsecrets.crypto.verify import check_signature
from agentsecrets.errors import RecordCorrupt, SignatureInvalid
from tests.conftest import Counted
from tests.parts.sealed_boxes import box

Vector = dict[str, Any]
_PLAIN = b"as sealed by somebody who knows the shared secret"


def _vectors(corpora: Path, name: str) -> Iterator[Vector]:
    document = json.loads((corpora / "wycheproof" / f"{name}_test.json").read_text(encoding="utf-8"))
    for group in document["testGroups"]:
        for vector in group["tests"]:
            yield {**group, **vector}


def _opens(vector: Vector) -> bool:
    """Whether ``unseal`` gives the vector's message."""
    sealed = VERSION + b"".join(bytes.fromhex(vector[part]) for part in ("iv", "ct", "tag"))
    try:
        return unseal(bytes.fromhex(vector["key"]), sealed, bytes.fromhex(vector["aad"])) == bytes.fromhex(vector["msg"])
    except RecordCorrupt:
        return False


def test_aes_gcm_opens_what_is_valid_and_refuses_the_rest(corpora: Path, counted: Counted):
    every = list(_vectors(corpora, "aes_gcm"))
    ours = [vector for vector in every if (vector["keySize"], vector["ivSize"]) == (8 * KEY_BYTES, 8 * NONCE_BYTES)]
    wrong = [vector["tcId"] for vector in ours if _opens(vector) != (vector["result"] == "valid")]
    opened_all_the_same = [vector["tcId"] for vector in every if vector not in ours and _opens(vector)]
    counted(
        f"AES-GCM: {len(every)} vectors, {len(ours)} with a key of 256 and a nonce of 96 bits: {len(ours) - len(wrong)} right; "
        f"{len(every) - len(ours)} of sizes that no format here has: {len(opened_all_the_same)} opened"
    )
    assert len(every) == 316
    assert len(ours) > 60
    assert wrong == []
    assert opened_all_the_same == []


def test_ed25519_accepts_what_is_valid_and_refuses_the_rest(corpora: Path, counted: Counted):
    def holds(vector: Vector) -> bool:
        try:
            check_signature(*(bytes.fromhex(text) for text in (vector["publicKey"]["pk"], vector["sig"], vector["msg"])))
        except SignatureInvalid:
            return False
        return True

    every = list(_vectors(corpora, "ed25519"))
    wrong = [vector["tcId"] for vector in every if holds(vector) != (vector["result"] == "valid")]
    counted(f"Ed25519: {len(every)} vectors: {len(every) - len(wrong)} right")
    assert len(every) == 151
    assert wrong == []


def test_x25519_opens_a_box_of_the_right_shared_secret_only(corpora: Path, counted: Counted):
    """``acceptable`` is what a library may or may not refuse: ours computes it, but refuses a shared secret of zeros."""

    def opens(vector: Vector, shared: bytes) -> bool:
        key = SealingKey(bytes.fromhex(vector["private"]))
        try:
            return key.open(box(shared, bytes.fromhex(vector["public"]), key.public, _PLAIN)) == _PLAIN
        except RecordCorrupt:
            return False

    every = list(_vectors(corpora, "x25519"))
    zero = [vector for vector in every if "ZeroSharedSecret" in vector["flags"]]
    meant = [vector for vector in every if vector not in zero]
    wrong = [vector["tcId"] for vector in meant if not opens(vector, bytes.fromhex(vector["shared"]))]
    loose = [vector["tcId"] for vector in meant if opens(vector, bytes.fromhex(vector["shared"])[:-1] + b"\xee")]
    accepted = [vector["tcId"] for vector in zero if opens(vector, bytes(32))]
    right, refused = f"{len(meant) - len(wrong)} of {len(meant)} right", f"{len(zero) - len(accepted)} of {len(zero)} zero secrets refused"
    counted(f"X25519: {len(every)} vectors: {right}, {refused}")
    assert len(every) == 518
    assert (wrong, loose, accepted) == ([], [], [])
