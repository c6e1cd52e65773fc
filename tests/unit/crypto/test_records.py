"""A record opens in its own place, under its own id, version, epoch and part, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsecrets.crypto.framing import frame
from agentsecrets.crypto.records import (
    PADDING,
    RecordHead,
    SealedRecord,
    open_body,
    open_head,
    open_name_key,
    record_id,
    seal_name_key,
    seal_record,
)
from agentsecrets.crypto.sealing import new_key, seal
from agentsecrets.crypto.value import Value
from agentsecrets.errors import RecordCorrupt
from agentsecrets.model.place import ENVIRONMENTS, Place, ProjectId, WorkspaceId
from agentsecrets.model.secret import VALUE_LIMIT, KeyName

KEY = KeyName("STRIPE_KEY")
VAULT_KEY, NAME_KEY = bytes(range(32)), bytes(range(32, 64))
HERE = Place(WorkspaceId("1" * 32), ProjectId("2" * 32), "development")
HEAD = RecordHead(key=KEY, time_ms=1, author="a" * 32)
RID = record_id(NAME_KEY, KEY)

SEALS = {
    (workspace, project, environment, rid, version, epoch): seal_record(
        VAULT_KEY, Place(WorkspaceId(workspace * 32), ProjectId(project * 32), environment), (rid, version, epoch), HEAD, Value(b"value")
    )
    for workspace, project, environment, rid, version, epoch in product("12", "12", ENVIRONMENTS[::2], (RID, "f" * 64), (1, 2), (1, 2))
}
"""The same value in 64 places under one and the same key, as no real workspace has it: only what is authenticated tells them apart."""


@given(here=st.sampled_from(sorted(SEALS)), there=st.sampled_from(sorted(SEALS)), parts=st.sampled_from(["head", "body", "both"]))
def test_parts_of_one_record_do_not_open_as_parts_of_another(here: tuple, there: tuple, parts: str):  # type: ignore[type-arg]
    workspace, project, environment, *_ = here
    place = Place(WorkspaceId(workspace * 32), ProjectId(project * 32), environment)
    mine, other = SEALS[here], SEALS[there]
    mixed = replace(mine, **{part: getattr(other, part) for part in ("head", "body") if parts in (part, "both")})
    for part, opening in (("head", open_head), ("body", open_body)):
        if here == there or parts not in (part, "both"):
            opening(VAULT_KEY, place, mixed)
        else:
            with pytest.raises(RecordCorrupt):
                opening(VAULT_KEY, place, mixed)


def test_a_head_does_not_open_as_a_body_nor_a_body_as_a_head():
    record = seal_record(VAULT_KEY, HERE, (RID, 1, 1), HEAD, Value(b"value"))
    turned = replace(record, head=record.body, body=record.head)
    for opening in (open_head, open_body):
        with pytest.raises(RecordCorrupt):
            opening(VAULT_KEY, HERE, turned)


def test_another_vault_s_key_opens_nothing():
    record = seal_record(VAULT_KEY, HERE, (RID, 1, 1), HEAD, Value(b"value"))
    for key in (new_key(), VAULT_KEY[:16], VAULT_KEY + b"\0", b""):
        for opening in (open_head, open_body):
            with pytest.raises(RecordCorrupt):
                opening(key, HERE, record)


@given(raw=st.binary(min_size=1, max_size=300))
def test_any_value_comes_back_and_its_length_shows_in_steps_only(raw: bytes):
    record = seal_record(VAULT_KEY, HERE, (RID, 1, 1), HEAD, Value(raw))
    assert open_body(VAULT_KEY, HERE, record).reveal() == raw
    overhead = 1 + 12 + 16
    assert (len(record.body) - overhead) % PADDING == 0
    assert len(record.body) - overhead - (4 + len(raw)) < PADDING
    assert raw not in record.body or len(raw) < 4


@pytest.mark.parametrize("length", [1, 59, 60, 61, 124, VALUE_LIMIT])
def test_values_at_the_edges_of_the_padding_come_back(length: int):
    record = seal_record(VAULT_KEY, HERE, (RID, 1, 1), HEAD, Value(b"v" * length))
    assert len(open_body(VAULT_KEY, HERE, record)) == length


@pytest.mark.parametrize(
    "padded",
    [b"", b"\0\0\0\x05value", (5).to_bytes(4, "big") + b"value" + b"\0" * 54 + b"\x01", (5).to_bytes(4, "big") + b"value" + b"\0" * 119,
     (2**32 - 1).to_bytes(4, "big") + b"v" * 60, (61).to_bytes(4, "big") + b"v" * 60],
)  # fmt: skip
def test_a_body_whose_padding_is_not_exactly_ours_is_refused(padded: bytes):
    number = (1).to_bytes(8, "big")
    place = (HERE.workspace_id.encode(), HERE.project_id.encode(), HERE.environment.encode())
    body = seal(VAULT_KEY, padded, frame(b"record", *place, RID.encode(), number, number, b"body"))
    with pytest.raises(RecordCorrupt):
        open_body(VAULT_KEY, HERE, SealedRecord(RID, 1, 1, b"", body))


@pytest.mark.parametrize(
    "head", [b"", b"{}", b"[]", b'{"key":"\xff","time_ms":1,"author":""}', b'{"key":"K","time_ms":1,"author":"","more":1}', b"[" * 9999]
)
def test_a_head_that_is_not_one_is_refused(head: bytes):
    number = (1).to_bytes(8, "big")
    place = (HERE.workspace_id.encode(), HERE.project_id.encode(), HERE.environment.encode())
    sealed = seal(VAULT_KEY, head, frame(b"record", *place, RID.encode(), number, number, b"head"))
    with pytest.raises(RecordCorrupt):
        open_head(VAULT_KEY, HERE, SealedRecord(RID, 1, 1, sealed, b""))


def test_no_two_seals_of_the_same_value_are_alike():
    records = [seal_record(VAULT_KEY, HERE, (RID, 1, 1), HEAD, Value(b"value")) for _ in range(200)]
    assert len({record.body for record in records}) == len({record.body[1:13] for record in records}) == 200


def test_a_digest_covers_every_part():
    record = seal_record(VAULT_KEY, HERE, (RID, 1, 1), HEAD, Value(b"value"))
    others = [
        replace(record, record_id="0" * 64), replace(record, version=2), replace(record, epoch=2),
        replace(record, head=record.head + b"\0"), replace(record, body=record.body[:-1]),
        replace(record, head=record.head + record.body[:1], body=record.body[1:]),
    ]  # fmt: skip
    assert len({record.digest, *(other.digest for other in others)}) == 1 + len(others)


def test_a_name_key_opens_in_its_own_vault_only():
    sealed = seal_name_key(VAULT_KEY, NAME_KEY, HERE)
    assert open_name_key(VAULT_KEY, sealed, HERE) == NAME_KEY
    for place in (
        HERE.beside("staging"),
        Place(HERE.workspace_id, ProjectId("3" * 32), HERE.environment),
        Place(WorkspaceId("3" * 32), HERE.project_id, HERE.environment),
    ):
        with pytest.raises(RecordCorrupt):
            open_name_key(VAULT_KEY, sealed, place)
    with pytest.raises(RecordCorrupt):
        open_name_key(VAULT_KEY, seal_record(VAULT_KEY, HERE, (RID, 1, 1), HEAD, Value(NAME_KEY)).body, HERE)
