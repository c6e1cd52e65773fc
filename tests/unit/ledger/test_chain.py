"""A chain of entries holds from the first on, or names the entry at which it does not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any

import pytest

from agentsecrets.crypto.envelope import Envelope, hash_of
from agentsecrets.crypto.framing import frame
from agentsecrets.crypto.keys import OpenPerson, SealedAccount, new_account
from agentsecrets.crypto.sealing import new_key, seal
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.errors import LedgerCorrupt, RefusedEntry, SignatureInvalid
from agentsecrets.ledger.chain import extend, replay, write_entry
from agentsecrets.ledger.entries import (
    ALLOWLIST_ADDED,
    ALLOWLIST_REMOVED,
    PROJECT_CREATED,
    PROJECT_RENAMED,
    WORKSPACE_CREATED,
    Allowed,
    Named,
    Nothing,
)
from agentsecrets.ledger.rules import PublicState
from agentsecrets.ledger.state import LedgerState
from agentsecrets.model.place import new_id
from agentsecrets.model.statement import Entry, Identity, read_payload

SHOP, HOST = "5" * 32, "6" * 32


@dataclass
class Book:
    """A ledger that is written by one account."""

    account: SealedAccount
    person: OpenPerson
    key: bytes = field(default_factory=new_key)
    workspace_id: str = field(default_factory=new_id)
    state: LedgerState = field(default_factory=LedgerState)
    entries: list[Envelope] = field(default_factory=list)

    @property
    def identity(self) -> Identity:
        return self.account.verified_identity()

    def made(
        self, kind: str, subject: str, sealed: object, *, signer: SigningKey | None = None, now_ms: int = 5, **changes: Any
    ) -> Envelope:
        """The next entry, with parts changed before it is signed."""
        first = kind == WORKSPACE_CREATED
        envelope = write_entry(
            self.state.public, kind, workspace_id=self.workspace_id, author=self.account.account_id, subjects=(subject,) if subject else (),
            sealed=sealed, ledger_key=self.key, signer=self.person.signing, now_ms=now_ms,
            grants={self.account.account_id: b"grant"} if first else None,
        )  # fmt: skip
        told = {**_members(envelope), **changes}
        return (signer or self.person.signing).sign(Entry(**told), envelope.sealed)

    def add(self, envelope: Envelope) -> None:
        self.state = extend(self.state, envelope, self.identity, self.key)
        self.entries.append(envelope)


def _members(envelope: Envelope) -> dict[str, Any]:
    entry = read_payload(envelope.payload, Entry)
    return {name: getattr(entry, name) for name in entry.__struct_fields__}


@pytest.fixture(scope="module")
def ada() -> tuple[SealedAccount, OpenPerson]:
    return new_account("ada@example.com", b"violet-harbour-quartz-meadow", 1)


@pytest.fixture(scope="module")
def eve() -> tuple[SealedAccount, OpenPerson]:
    return new_account("eve@example.com", b"violet-harbour-quartz-meadow", 1)


@pytest.fixture
def book(ada: tuple[SealedAccount, OpenPerson]) -> Book:
    book = Book(*ada)
    book.add(book.made(WORKSPACE_CREATED, "", Named("personal")))
    book.add(book.made(PROJECT_CREATED, SHOP, Named("shop"), signer=book.person.unattended.device))
    book.add(book.made(ALLOWLIST_ADDED, HOST, Allowed("api.example.com")))
    book.add(book.made(PROJECT_RENAMED, SHOP, Named("webshop")))
    return book


def test_a_chain_replays_to_what_it_was_when_it_was_written(book: Book):
    replayed = replay(book.entries, book.identity, book.key)
    assert replayed == book.state
    assert (replayed.name, replayed.projects, [host.shown for host in replayed.allowlist.hosts]) == (
        "personal", ((SHOP, "webshop"),), ["api.example.com"],
    )  # fmt: skip
    assert [change.seq for change in replayed.history] == [0, 1, 2, 3]


@pytest.mark.parametrize("order", [order for order in permutations(range(4)) if order != (0, 1, 2, 3)], ids=str)
def test_in_any_other_order_it_breaks_at_the_first_entry_out_of_place(book: Book, order: tuple[int, ...]):
    with pytest.raises(LedgerCorrupt) as broken:
        replay([book.entries[at] for at in order], book.identity, book.key)
    assert broken.value.subjects["seq"] == str(next(at for at, found in enumerate(order) if at != found))


@pytest.mark.parametrize("at", range(3))
def test_an_entry_left_out_is_missed_at_its_place(book: Book, at: int):
    with pytest.raises(LedgerCorrupt) as broken:
        replay([*book.entries[:at], *book.entries[at + 1 :]], book.identity, book.key)
    assert broken.value.subjects["seq"] == str(at)


@pytest.mark.parametrize("at", range(4))
def test_an_entry_played_twice_is_refused(book: Book, at: int):
    with pytest.raises(RefusedEntry):
        extend(book.state, book.entries[at], book.identity, book.key)
    with pytest.raises(LedgerCorrupt):
        replay([*book.entries, book.entries[at]], book.identity, book.key)


def test_a_removed_host_is_not_put_back_by_the_entry_that_added_it(book: Book):
    added = book.entries[2]
    book.add(book.made(ALLOWLIST_REMOVED, HOST, Nothing()))
    with pytest.raises(RefusedEntry):
        book.add(added)
    assert book.state.allowlist.hosts == ()


def test_an_entry_of_another_workspace_of_the_same_person_is_refused(book: Book, ada: tuple[SealedAccount, OpenPerson]):
    other = Book(*ada, key=book.key)
    for envelope_of in (
        lambda: other.made(WORKSPACE_CREATED, "", Named("other")),
        lambda: other.made(PROJECT_CREATED, SHOP, Named("shop")),
        lambda: other.made(ALLOWLIST_ADDED, HOST, Allowed("evil.example.net")),
    ):
        other.add(envelope_of())
    for at in (1, 2):
        with pytest.raises(LedgerCorrupt):
            replay([*book.entries[:at], other.entries[at], *book.entries[at + 1 :]], book.identity, book.key)


def test_a_device_cannot_widen(book: Book):
    device = book.person.unattended.device
    for envelope in (
        book.made(ALLOWLIST_ADDED, new_id(), Allowed("evil.example.net"), signer=device),
        book.made(ALLOWLIST_REMOVED, HOST, Nothing(), signer=device),
    ):
        with pytest.raises(RefusedEntry):
            book.add(envelope)


def test_neither_a_stranger_nor_a_stolen_name_can_write(book: Book, eve: tuple[SealedAccount, OpenPerson]):
    for envelope in (
        book.made(ALLOWLIST_ADDED, new_id(), Allowed("evil.example.net"), signer=eve[1].signing),
        book.made(ALLOWLIST_ADDED, new_id(), Allowed("evil.example.net"), signer=eve[1].unattended.device),
        replace(book.made(PROJECT_CREATED, new_id(), Named("x"), signer=eve[1].unattended.device), certificate=book.account.certificate),
    ):
        with pytest.raises(SignatureInvalid):
            book.add(envelope)
    with pytest.raises(RefusedEntry):
        book.add(book.made(PROJECT_CREATED, new_id(), Named("x"), author=eve[0].account_id))


def test_a_sealed_part_changed_after_signing_breaks_the_chain(book: Book):
    forged = replace(book.entries[2], sealed=book.entries[1].sealed)
    with pytest.raises(LedgerCorrupt) as broken:
        replay([*book.entries[:2], forged, book.entries[3]], book.identity, book.key)
    assert broken.value.subjects["seq"] == "2"


@pytest.mark.parametrize("case", ["of another entry", "of another kind", "under another key", "of another shape", "not JSON", "cut"])
def test_a_sealed_part_that_does_not_open_or_fit_has_no_effect_and_stands_in_the_history(book: Book, case: str):
    number, kind = book.state.public.seq, ALLOWLIST_ADDED

    def box(key: bytes, plain: bytes, seq: int, entry: str) -> bytes:
        return seal(key, plain, frame(b"ledger", book.workspace_id.encode(), seq.to_bytes(8, "big"), entry.encode()))

    plain = json.dumps({"host": "evil.example.net"}).encode()
    sealed = {
        "of another entry": box(book.key, plain, number - 1, kind),
        "of another kind": box(book.key, plain, number, PROJECT_CREATED),
        "under another key": box(new_key(), plain, number, kind),
        "of another shape": box(book.key, b'{"name":"x"}', number, kind),
        "not JSON": box(book.key, b'{"host":"\xff"}', number, kind),
        "cut": b"\x01",
    }[case]
    right = book.made(kind, new_id(), Allowed("evil.example.net"))
    envelope = book.person.signing.sign(Entry(**{**_members(right), "sealed_hash": hash_of(sealed)}), sealed)
    book.add(envelope)
    assert [host.shown for host in book.state.allowlist.hosts] == ["api.example.com"]
    assert book.state.history[-1].subject == "(does not open)"
    assert replay(book.entries, book.identity, book.key) == book.state


def test_time_does_not_go_back_even_when_the_clock_does(book: Book):
    book.add(book.made(PROJECT_CREATED, new_id(), Named("later"), now_ms=9_000))
    book.add(book.made(PROJECT_CREATED, new_id(), Named("clock set back"), now_ms=100))
    assert book.state.public.time_ms == 9_000
    with pytest.raises(RefusedEntry):
        book.add(book.made(PROJECT_CREATED, new_id(), Named("forged"), time_ms=8_999))


def test_names_and_hosts_do_not_stand_in_the_open(book: Book):
    for envelope in book.entries:
        for word in (b"personal", b"shop", b"example"):
            assert word not in envelope.encode()


def test_an_entry_is_made_to_follow_and_says_so(book: Book):
    made = _members(book.made(PROJECT_CREATED, new_id(), Named("x")))
    assert (made["seq"], made["prev"]) == (4, book.entries[-1].digest)
    alone = write_entry(
        PublicState(), WORKSPACE_CREATED, workspace_id=new_id(), author=book.account.account_id, subjects=(), sealed=Named("x"),
        ledger_key=book.key, signer=book.person.signing, now_ms=1, grants={},
    )  # fmt: skip
    with pytest.raises(RefusedEntry):
        extend(LedgerState(), alone, book.identity, book.key)
