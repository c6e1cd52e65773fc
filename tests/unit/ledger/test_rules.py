"""Who may write what into a ledger: random entries by random authors meet the rules and a model of them that is written differently."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsecrets.ledger.entries import KINDS
from agentsecrets.ledger.rules import NO_HASH, PublicState, Refused, apply
from agentsecrets.model.statement import Entry

WORKSPACE, OTHER_WORKSPACE = "a" * 32, "b" * 32
OWNER, STRANGER = "1" * 32, "2" * 32
IDS = tuple(digit * 32 for digit in "345")


def entry(kind: str = "project.created", **changes: Any) -> Entry:
    """The second entry of a chain, right but for what is changed."""
    right: dict[str, Any] = {
        "workspace_id": WORKSPACE, "seq": 1, "prev": "d0", "entry": kind, "author": OWNER, "subjects": (IDS[0],), "epoch": 1,
        "time_ms": 10, "sealed_hash": "0" * 64, "grants": {},
    }  # fmt: skip
    return Entry(**(right | changes))


def first(**changes: Any) -> Entry:
    """The first entry of a chain, right but for what is changed."""
    right: dict[str, Any] = {"seq": 0, "prev": NO_HASH, "subjects": (), "grants": {OWNER: b"key"}}
    return entry("workspace.created", **(right | changes))


def begun() -> PublicState:
    """A chain of one entry."""
    state = apply(PublicState(), first(), "d0", by_person=True)
    assert isinstance(state, PublicState)
    return state


def accepts(state: PublicState, asked: Entry, *, by_person: bool = True) -> bool:
    return isinstance(apply(state, asked, "d1", by_person=by_person), PublicState)


def test_the_founder_is_the_owner_of_a_workspace_with_nothing_in_it():
    state = begun()
    assert (state.workspace_id, state.seq, state.head, state.roles) == (WORKSPACE, 1, "d0", ((OWNER, "owner"),))
    assert (state.projects, state.allowed, state.role(STRANGER)) == (frozenset(), frozenset(), "")


@pytest.mark.parametrize(
    "changes",
    [{"seq": 1}, {"seq": -1}, {"prev": "0"}, {"prev": ""}, {"workspace_id": ""}, {"workspace_id": "A" * 32}, {"workspace_id": "a" * 31},
     {"entry": "project.created"}, {"entry": "workspace.deleted"}, {"entry": ""}, {"subjects": (IDS[0],)}, {"epoch": 0}, {"epoch": 2},
     {"grants": {}}, {"grants": {STRANGER: b"key"}}, {"grants": {OWNER: b"key", STRANGER: b"key"}}, {"time_ms": -1}],
    ids=str,
)  # fmt: skip
def test_a_first_entry_that_is_not_right_in_every_part_is_refused(changes: dict[str, Any]):
    assert not accepts(PublicState(), first(**changes))


def test_a_device_cannot_found_a_workspace():
    assert not accepts(PublicState(), first(), by_person=False)


@pytest.mark.parametrize(
    "changes",
    [{"seq": 0}, {"seq": 2}, {"prev": NO_HASH}, {"prev": "d1"}, {"workspace_id": OTHER_WORKSPACE}, {"entry": "workspace.created"},
     {"entry": "member.role"}, {"entry": "project.Created"}, {"subjects": ()}, {"subjects": IDS[:2]}, {"subjects": ("x",)},
     {"subjects": (IDS[0] + "\n",)}, {"epoch": 2}, {"author": STRANGER}, {"author": ""}, {"grants": {OWNER: b"key"}}, {"time_ms": 9}],
    ids=str,
)  # fmt: skip
def test_a_later_entry_that_is_not_right_in_every_part_is_refused(changes: dict[str, Any]):
    assert accepts(begun(), entry())
    assert not accepts(begun(), entry(**changes))


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"workspace.created"}))
def test_what_widens_needs_the_person_and_what_narrows_may_be_a_device_s(kind: str):
    state = begun()
    if kind in ("project.renamed", "project.deleted", "allowlist.removed"):
        made = entry("allowlist.added" if kind == "allowlist.removed" else "project.created")
        prepared = apply(state, made, "d1", by_person=True)
        assert isinstance(prepared, PublicState)
        state = prepared
    asked = entry(kind, seq=state.seq, prev=state.head)
    assert accepts(state, asked)
    assert accepts(state, asked, by_person=False) == kind.startswith("project.")


def test_a_refusal_changes_nothing_and_says_why():
    state = begun()
    refused = apply(state, entry(author=STRANGER), "d1", by_person=True)
    assert refused == Refused("its author may not write it")
    assert state == begun()


# --- the same rules, told once more, as a machine of another make -----------------------------------------------------------------------


@dataclass
class Model:
    """What must be true after any sequence: kept in sets that the rules do not share."""

    length: int = 0
    time_ms: int = 0
    projects: set[str] = field(default_factory=set)
    allowed: set[str] = field(default_factory=set)

    def takes(self, asked: Entry, *, by_person: bool) -> bool:
        creating = asked.entry == "workspace.created"
        if asked.seq != self.length or asked.prev != (f"d{self.length - 1}" if self.length else NO_HASH) or creating != (self.length == 0):
            return False
        if asked.entry not in KINDS or asked.workspace_id != WORKSPACE or asked.epoch != 1 or asked.time_ms < self.time_ms:
            return False
        if creating:
            return by_person and not asked.subjects and set(asked.grants) == {asked.author}
        there = self.projects if asked.entry.startswith("project.") else self.allowed
        fresh = asked.entry in ("project.created", "allowlist.added")
        named = len(asked.subjects) == 1 and (asked.subjects[0] in there) != fresh
        return named and not asked.grants and asked.author == OWNER and (by_person or asked.entry.startswith("project."))

    def add(self, asked: Entry) -> None:
        self.length, self.time_ms = self.length + 1, asked.time_ms
        for subject in asked.subjects:
            there = self.projects if asked.entry.startswith("project.") else self.allowed
            (there.discard if asked.entry in ("project.deleted", "allowlist.removed") else there.add)(subject)


_AUTHORS = st.sampled_from([OWNER] * 6 + [STRANGER])
_STEPS = st.tuples(
    st.sampled_from([*KINDS, "member.joined"]),
    _AUTHORS,
    st.booleans(),
    st.sampled_from(IDS),
    st.sampled_from([0] * 8 + [-1, 1]),
    st.sampled_from([0, 1, 5] * 4 + [-1]),
    st.sampled_from(["right"] * 9 + ["prev", "workspace", "epoch", "subjects", "grants"]),
)


@given(steps=st.lists(_STEPS, max_size=25))
@settings(max_examples=300, deadline=None)
def test_any_sequence_of_entries_by_anyone_means_what_the_model_says(steps: list[Any]):
    state, model = begun(), Model()
    model.add(first())
    for kind, author, by_person, subject, off, later, wrong in steps:
        asked = entry(kind, author=author, subjects=(subject,), seq=state.seq + off, prev=state.head, time_ms=state.time_ms + later)
        spoiled: dict[str, dict[str, Any]] = {
            "right": {}, "prev": {"prev": NO_HASH}, "workspace": {"workspace_id": OTHER_WORKSPACE}, "epoch": {"epoch": 0},
            "subjects": {"subjects": ()}, "grants": {"grants": {STRANGER: b""}},
        }  # fmt: skip
        asked = msgspec.structs.replace(asked, **spoiled[wrong])
        after = apply(state, asked, f"d{state.seq}", by_person=by_person)
        assert isinstance(after, PublicState) == model.takes(asked, by_person=by_person), asked
        if isinstance(after, PublicState):
            model.add(asked)
            state = after
        assert (state.seq, set(state.projects), set(state.allowed)) == (model.length, model.projects, model.allowed)
        assert state.roles == ((OWNER, "owner"),), "no entry of these kinds changes who may write"
