"""What every ``ports.StateStore`` does: the one on disk, the same one opened again, and the one in memory."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from agentsecrets.crypto.keys import SealedAccount, new_account
from agentsecrets.crypto.records import SealedRecord
from agentsecrets.errors import AccountExists, HeadMoved
from agentsecrets.model.place import Place, ProjectId, WorkspaceId
from agentsecrets.ports import AccountStore, StateStore
from agentsecrets.storage.state_db import StateDb
from tests.parts.stand_ins import MemoryState


class Store(StateStore, AccountStore, Protocol):
    def found(self, account: SealedAccount, workspace_id: WorkspaceId, first_entry: bytes) -> None: ...


HERE = Place(WorkspaceId("1" * 32), ProjectId("2" * 32), "development")
ELSEWHERE = (
    Place(WorkspaceId("9" * 32), HERE.project_id, HERE.environment),
    Place(HERE.workspace_id, ProjectId("9" * 32), HERE.environment),
    Place(HERE.workspace_id, HERE.project_id, "production"),
)


@pytest.fixture(params=["on disk", "in memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "in memory":
        yield MemoryState()
        return
    on_disk = StateDb(tmp_path / "state.db")
    yield on_disk
    on_disk.close()


@pytest.fixture(scope="module")
def account() -> SealedAccount:
    return new_account("ada@example.com", b"violet-harbour-quartz-meadow", 1)[0]


def _record(version: int, record_id: str = "r") -> SealedRecord:
    return SealedRecord(record_id, version, 1, b"\x01head", b"\x01body%d" % version)


def _put(store: Store, *versions: int, place: Place = HERE, record_id: str = "r", keep: int = 20) -> None:
    for version in versions:
        store.put_records([(place, _record(version, record_id))], keep)


def test_an_account_is_founded_once_and_read_back_whole(store: Store, account: SealedAccount):
    assert store.account() is None
    store.found(account, HERE.workspace_id, b"first")
    assert store.account() == account
    with pytest.raises(AccountExists):
        store.found(account, HERE.workspace_id, b"other")
    assert store.ledger(HERE.workspace_id) == [b"first"]


def test_an_account_is_sealed_otherwise_only_by_who_has_seen_how_it_is_now(store: Store, account: SealedAccount):
    store.found(account, HERE.workspace_id, b"first")
    moved = msgspec.structs.replace(account, moved=b"a word")
    store.rewrite(account, moved)
    with pytest.raises(HeadMoved):
        store.rewrite(account, msgspec.structs.replace(account, moved=b"another"))
    assert store.account() == moved


def test_names_of_keychain_items_are_noted_in_order_until_they_are_forgotten(store: Store):
    assert store.items() == []
    for name in ("a", "b", "c"):
        store.note_item(name)
    store.forget_item("b")
    store.forget_item("none")
    assert store.items() == ["a", "c"]
    assert store.account() is None


def test_a_ledger_takes_each_number_once_and_answers_from_any_number_on(store: Store, account: SealedAccount):
    store.found(account, HERE.workspace_id, b"0")
    store.append_entry(HERE.workspace_id, 1, b"1")
    store.append_entry(HERE.workspace_id, 2, b"2")
    for taken in (0, 1, 2):
        with pytest.raises(HeadMoved):
            store.append_entry(HERE.workspace_id, taken, b"another")
    assert [store.ledger(HERE.workspace_id, start) for start in (0, 1, 3)] == [[b"0", b"1", b"2"], [b"1", b"2"], []]


def test_each_workspace_has_a_ledger_of_its_own_and_they_are_listed_as_they_came(store: Store, account: SealedAccount):
    later = WorkspaceId("0" * 32)
    store.found(account, HERE.workspace_id, b"0")
    store.append_entry(later, 0, b"other 0")
    store.append_entry(HERE.workspace_id, 1, b"1")
    assert store.workspaces() == [HERE.workspace_id, later]
    assert (store.ledger(later), store.ledger(HERE.workspace_id)) == ([b"other 0"], [b"0", b"1"])
    assert store.ledger(WorkspaceId("8" * 32)) == []


def test_the_first_name_key_of_a_vault_stays(store: Store):
    assert store.name_key(HERE) is None
    assert store.add_name_key(HERE, b"first") == b"first"
    assert store.add_name_key(HERE, b"second") == b"first"
    assert store.name_key(HERE) == b"first"
    assert [store.name_key(place) for place in ELSEWHERE] == [None] * 3


def test_the_newest_version_is_answered_and_each_number_is_taken_once(store: Store):
    _put(store, 1, 2, 3)
    assert store.record(HERE, "r") == _record(3)
    assert store.records(HERE) == [_record(3)]
    assert store.newest_version(HERE, "r") == 3
    for taken in (1, 2, 3):
        with pytest.raises(HeadMoved):
            _put(store, taken)
    assert [record.version for record, _ in store.versions(HERE, "r")] == [3, 2, 1]


def test_of_several_records_all_are_written_or_none(store: Store):
    _put(store, 1, record_id="there")
    with pytest.raises(HeadMoved):
        store.put_records([(HERE, _record(1, "new")), (HERE, _record(1, "there"))], 20)
    assert store.record(HERE, "new") is None


def test_a_vault_is_a_workspace_a_project_and_an_environment(store: Store):
    _put(store, 1)
    assert [store.record(place, "r") for place in ELSEWHERE] == [None] * 3
    assert [store.records(place) for place in ELSEWHERE] == [[]] * 3
    for place in ELSEWHERE:
        assert store.delete_records(place, ["r"], 5) == []
        _put(store, 1, place=place)
    assert store.delete_records(ELSEWHERE[0], ["r"], 5) == ["r"]
    assert store.record(HERE, "r") == _record(1)


def test_only_the_newest_versions_are_kept(store: Store):
    _put(store, *range(1, 6), keep=3)
    assert [record.version for record, _ in store.versions(HERE, "r")] == [5, 4, 3]


def test_a_deleted_secret_is_gone_but_its_numbers_stay_taken(store: Store):
    _put(store, 1, 2)
    assert store.delete_records(HERE, ["r", "unknown"], 77) == ["r"]
    assert store.delete_records(HERE, ["r"], 78) == []
    assert (store.record(HERE, "r"), store.records(HERE), store.newest_version(HERE, "r")) == (None, [], 2)
    assert store.deleted_records(HERE, 0) == [(_record(2), 77)]
    with pytest.raises(HeadMoved):
        _put(store, 2)
    _put(store, 3)
    assert store.record(HERE, "r") == _record(3)
    assert store.deleted_records(HERE, 0) == []


def test_a_deletion_is_taken_back_while_it_is_young_enough(store: Store):
    _put(store, 1, 2)
    store.delete_records(HERE, ["r"], 77)
    assert not store.restore_record(HERE, "r", 78)
    assert not store.restore_record(HERE, "unknown", 0)
    assert store.restore_record(HERE, "r", 77)
    assert store.record(HERE, "r") == _record(2)
    assert not store.restore_record(HERE, "r", 0)


def test_what_is_purged_is_gone_but_for_the_highest_number(store: Store):
    _put(store, 1, 2)
    store.delete_records(HERE, ["r"], 77)
    assert store.purge_records(76) == 0
    assert store.purge_records(77) == 2
    assert (store.versions(HERE, "r"), store.deleted_records(HERE, 0), store.newest_version(HERE, "r")) == ([], [], 2)
    assert not store.restore_record(HERE, "r", 0)
    assert store.purge_records(10**9) == 0


def test_a_binding_is_replaced_only_by_who_knows_the_one_before(store: Store):
    store.put_binding(HERE, "b", None, b"one")
    for wrong in (None, b"other", b""):
        with pytest.raises(HeadMoved):
            store.put_binding(HERE, "b", wrong, b"two")
    store.put_binding(HERE, "b", b"one", b"two")
    assert store.binding(HERE, "b") == b"two"
    assert store.binding(ELSEWHERE[2], "b") == b"two", "a binding holds for all environments of a project"
    assert [store.binding(place, "b") for place in ELSEWHERE[:2]] == [None, None]


def test_all_bindings_of_a_project_are_found_and_no_other_s(store: Store):
    for name in ("b", "a"):
        store.put_binding(HERE, name, None, name.encode())
    store.put_binding(HERE, "a", b"a", b"newer")
    assert sorted(store.bindings(HERE)) == sorted(store.bindings(ELSEWHERE[2])) == [b"b", b"newer"]
    assert [store.bindings(place) for place in ELSEWHERE[:2]] == [[], []]


def test_trust_in_a_folder_and_choices_are_remembered_and_replaced(store: Store):
    assert (store.folder("/a"), store.choice("c")) == (None, "")
    store.put_folder("/a", b"one")
    store.put_folder("/a", b"two")
    store.choose([("c", "x"), ("d", "y")])
    store.choose([("c", "z")])
    assert (store.folder("/a"), store.folder("/a/"), store.choice("c"), store.choice("d")) == (b"two", None, "z", "y")


def test_a_remembered_word_is_replaced_and_dropped_by_its_id(store: Store):
    store.put_remembered("b", b"two")
    store.put_remembered("a", b"one")
    store.put_remembered("a", b"newer")
    store.drop_remembered("unknown")
    assert store.remembered() == [b"newer", b"two"]
    store.drop_remembered("a")
    assert store.remembered() == [b"two"]


class DiskAndMemoryAgree(RuleBasedStateMachine):
    """Whatever is done in whatever order, the disk answers what the memory answers, also when it is opened again."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "state.db"
        self.disk, self.memory = StateDb(self._path), MemoryState()

    def teardown(self) -> None:
        self.disk.close()
        self._folder.cleanup()

    @rule(place=st.sampled_from([HERE, ELSEWHERE[2]]), record_id=st.sampled_from("ab"), step=st.integers(0, 2), keep=st.integers(1, 3))
    def put(self, place: Place, record_id: str, step: int, keep: int) -> None:
        record = _record(max(1, self.memory.newest_version(place, record_id) + step), record_id)
        told = []
        for store in (self.disk, self.memory):
            try:
                store.put_records([(place, record)], keep)
                told.append("done")
            except HeadMoved:
                told.append("refused")
        assert told[0] == told[1]

    @rule(place=st.sampled_from([HERE, ELSEWHERE[2]]), ids=st.lists(st.sampled_from("abc"), unique=True), now_ms=st.integers(1, 9))
    def delete(self, place: Place, ids: list[str], now_ms: int) -> None:
        assert self.disk.delete_records(place, ids, now_ms) == self.memory.delete_records(place, ids, now_ms)

    @rule(record_id=st.sampled_from("abc"), since_ms=st.integers(0, 9))
    def restore(self, record_id: str, since_ms: int) -> None:
        assert self.disk.restore_record(HERE, record_id, since_ms) == self.memory.restore_record(HERE, record_id, since_ms)

    @rule(before_ms=st.integers(0, 9))
    def purge(self, before_ms: int) -> None:
        assert self.disk.purge_records(before_ms) == self.memory.purge_records(before_ms)

    @rule()
    def open_again(self) -> None:
        self.disk.close()
        self.disk = StateDb(self._path)

    @invariant()
    def the_same_is_there(self) -> None:
        for place, record_id in itertools.product((HERE, ELSEWHERE[2]), "abc"):
            assert self.disk.versions(place, record_id) == self.memory.versions(place, record_id)
            assert self.disk.record(place, record_id) == self.memory.record(place, record_id)
            assert self.disk.newest_version(place, record_id) == self.memory.newest_version(place, record_id)
        for place in (HERE, ELSEWHERE[2]):
            for question in (lambda s: s.records(place), lambda s: [record for record, _ in s.deleted_records(place, 4)]):  # noqa: B023
                assert sorted(question(self.disk), key=_by_id) == sorted(question(self.memory), key=_by_id)


def _by_id(record: SealedRecord) -> str:
    return record.record_id


TestDiskAndMemoryAgree = DiskAndMemoryAgree.TestCase
TestDiskAndMemoryAgree.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
