"""What every ``ports.AuditStore`` does: the one on disk and the one in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agentsecrets.errors import AgentSecretsError
from agentsecrets.ports import AuditStore
from agentsecrets.storage.audit_db import AuditDb
from tests.parts.log import chain
from tests.parts.stand_ins import MemoryLog

ROWS = chain(12)


@pytest.fixture(params=["on disk", "in memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AuditStore]:
    if request.param == "in memory":
        yield MemoryLog()
        return
    on_disk = AuditDb(tmp_path / "audit.db")
    yield on_disk
    on_disk.close()


def test_a_fresh_log_is_empty(store: AuditStore):
    assert (store.last(), store.rows(0, 10), store.before(10, 10), store.checkpoints(), store.last_checkpoint()) == (None, [], [], [], -1)
    assert store.dangling() == []


def test_rows_come_back_as_they_were_written(store: AuditStore):
    store.append(ROWS[:5])
    store.append(ROWS[5:])
    assert store.rows(0, 100) == ROWS
    assert store.last() == ROWS[-1]


def test_rows_are_read_from_an_index_on_and_before_one(store: AuditStore):
    store.append(ROWS)
    assert store.rows(3, 4) == ROWS[3:7]
    assert store.rows(12, 4) == []
    assert store.before(7, 3) == [ROWS[6], ROWS[5], ROWS[4]]
    assert store.before(2**62, 2) == [ROWS[11], ROWS[10]]
    assert store.before(0, 5) == []


def test_an_index_is_taken_once_and_of_a_batch_nothing_is_added_then(store: AuditStore):
    store.append(ROWS[:3])
    with pytest.raises(AgentSecretsError):
        store.append([ROWS[3], ROWS[2]])
    assert store.rows(0, 100) == ROWS[:3]
    store.append([ROWS[3]])


def test_an_empty_batch_adds_nothing(store: AuditStore):
    store.append([])
    assert store.last() is None


def test_an_intent_dangles_until_its_outcome_is_there(store: AuditStore):
    store.append(ROWS[:3])
    assert [row.index for row in store.dangling()] == [2]


def test_what_a_checkpoint_calls_settled_is_not_looked_at_again(store: AuditStore):
    store.append([ROWS[0], ROWS[2], ROWS[4], ROWS[6]])
    store.add_checkpoint(4, b"word", 2)
    assert [row.index for row in store.dangling()] == [4, 6]


def test_the_first_word_on_an_index_stands(store: AuditStore):
    store.append(ROWS)
    store.add_checkpoint(4, b"first", 3)
    store.add_checkpoint(4, b"second", 3)
    store.add_checkpoint(9, b"third", 9)
    assert store.checkpoints() == [(4, b"first"), (9, b"third")]
    assert store.last_checkpoint() == 9


def test_folding_changes_nothing_that_is_read(store: AuditStore):
    store.append(ROWS[:6])
    store.fold()
    store.append(ROWS[6:])
    store.fold()
    assert store.rows(0, 100) == ROWS


def test_a_log_on_disk_is_the_same_when_it_is_opened_again(tmp_path: Path):
    for at in range(0, len(ROWS), 4):
        store = AuditDb(tmp_path / "audit.db")
        store.append(ROWS[at : at + 4])
        store.add_checkpoint(at, b"word %d" % at, at)
        store.close()
    store = AuditDb(tmp_path / "audit.db")
    assert store.rows(0, 100) == ROWS
    assert store.last_checkpoint() == 8
    store.close()
