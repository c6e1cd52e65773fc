"""What a device signs is worth no more than what it rests on: a pin of an unbound key, or something narrower than a person's word."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.errors import HeadMoved, SignatureInvalid
from agentsecrets.model.binding import Binding
from agentsecrets.model.secret import KeyName
from agentsecrets.vault.signed_bindings import read_binding, write_binding
from tests.parts.house import House, tell
from tests.parts.log import tamper

KEY = KeyName("STRIPE_KEY")
WIDE = Binding(KEY, ("api.example.com", "*.example.org"), "header", "X-Api-Key")
NARROW = replace(WIDE, hosts=("a.example.org",), methods=("GET",), paths=("/v1",))
OPEN = Binding(KEY, (), "bearer", origin="open")
PIN = Binding(KEY, ("api.example.net",), "bearer", origin="pinned")


def _by_device(house: House, binding: Binding, previous: bytes | None, base: bytes = b"") -> Envelope:
    """What a device could be made to sign by whoever has its key."""
    return write_binding(
        house.workspace.keys,
        house.place,
        binding,
        previous=previous,
        author=house.account.account_id,
        signer=house.person.unattended.device,
        now_ms=1,
        base=base,
    )


def _stored(house: House) -> bytes:
    (encoded,) = house.state.bindings(house.place)
    return encoded


def _put(house: House, encoded: bytes) -> None:
    """Writes a binding where only the program should."""
    tamper(house.home.state_db, lambda file: file.execute("UPDATE bindings SET envelope = ?", (encoded,)))


def test_a_device_narrows_again_and_again_and_the_next_daemon_finds_it(tmp_path: Path):
    async def story(house: House) -> None:
        await house.bind(WIDE)
        steps = (
            replace(WIDE, methods=("GET", "POST")),
            replace(WIDE, methods=("GET", "POST"), paths=("/v1",)),
            replace(WIDE, hosts=("api.example.com", "b.example.org"), methods=("GET",), paths=("/v1/items/",)),
        )
        for step in steps:
            narrowed = await house.bindings.narrow(house.place, step)
            assert narrowed == replace(step, origin="narrowed")
            assert await house.fresh_bindings().find(house.place, KEY) == narrowed

    tell(tmp_path, story)


def test_nothing_is_widened_by_narrowing_it_first_and_asking_for_the_rest_after(tmp_path: Path):
    async def story(house: House) -> None:
        await house.bind(WIDE)
        assert await house.bindings.narrow(house.place, NARROW) is not None
        before = _stored(house)
        wider = (
            WIDE,
            replace(NARROW, methods=()),
            replace(NARROW, methods=("GET", "POST")),
            replace(NARROW, paths=()),
            replace(NARROW, paths=("/v1", "/v2")),
            replace(NARROW, paths=("/",)),
            replace(NARROW, hosts=("a.example.org", "api.example.com")),
            replace(NARROW, hosts=("*.example.org",)),
            replace(NARROW, hosts=("a.example.org:8443",)),
            replace(NARROW, slot="X-Other"),
            replace(NARROW, style="query"),
            replace(NARROW, hosts=()),
            replace(NARROW, key=KeyName("OTHER")),
        )
        for one in wider:
            assert await house.bindings.narrow(house.place, one) is None, one
        assert _stored(house) == before
        assert await house.bindings.find(house.place, KEY) == replace(NARROW, origin="narrowed")

    tell(tmp_path, story)


def test_a_key_that_is_bound_to_nothing_is_not_narrowed_to_a_place_of_somebody_s_choice(tmp_path: Path):
    async def story(house: House) -> None:
        assert await house.bindings.narrow(house.place, NARROW) is None
        assert house.state.bindings(house.place) == []

    tell(tmp_path, story)


def test_asking_for_what_holds_already_writes_nothing(tmp_path: Path):
    async def story(house: House) -> None:
        first = await house.bind(WIDE)
        assert await house.bindings.narrow(house.place, replace(WIDE, slot="x-api-KEY")) == WIDE
        assert _stored(house) == first.encode()

    tell(tmp_path, story)


def test_the_wider_binding_of_before_cannot_be_played_back(tmp_path: Path):
    async def story(house: House) -> None:
        first = await house.bind(WIDE)
        await house.bindings.narrow(house.place, NARROW)
        for bindings in (house.bindings, house.fresh_bindings()):
            with pytest.raises(HeadMoved):
                await bindings.accept(first)
            assert await bindings.find(house.place, KEY) == replace(NARROW, origin="narrowed")

    tell(tmp_path, story)


def test_a_device_s_word_that_is_wider_than_what_it_rests_on_is_not_believed(tmp_path: Path):
    async def story(house: House) -> None:
        wide = (await house.bind(replace(WIDE, methods=("GET",)))).encode()
        await house.bindings.narrow(house.place, NARROW)
        narrowed, stranger = _stored(house), (await house.bind(replace(WIDE, key=KeyName("OTHER")))).encode()
        narrow = replace(NARROW, origin="narrowed")
        forged = (
            _by_device(house, replace(narrow, methods=()), narrowed, wide),
            _by_device(house, replace(narrow, hosts=("evil.example.net",)), narrowed, wide),
            _by_device(house, narrow, narrowed),  # rests on nothing
            _by_device(house, narrow, narrowed, narrowed),  # rests on what a device said
            _by_device(house, narrow, narrowed, stranger),  # on the word about another key
            _by_device(house, PIN, narrowed),  # a pin of a key that is bound
            _by_device(house, PIN, narrowed, wide),
            _by_device(house, replace(narrow, origin="person"), narrowed),
            _by_device(house, OPEN, narrowed),
        )
        for envelope in forged:
            with pytest.raises(SignatureInvalid):
                read_binding(house.workspace.keys, house.workspace.identity, envelope)
            _put(house, envelope.encode())
            with pytest.raises(SignatureInvalid):
                await house.fresh_bindings().find(house.place, KEY)

    tell(tmp_path, story)


def test_a_person_signs_no_narrowing_and_no_pin(tmp_path: Path):
    async def story(house: House) -> None:
        wide = (await house.bind(WIDE)).encode()
        for binding, base in ((replace(NARROW, origin="narrowed"), wide), (PIN, wide), (NARROW, wide)):
            envelope = write_binding(
                house.workspace.keys,
                house.place,
                binding,
                previous=wide,
                author=house.account.account_id,
                signer=house.person.signing,
                now_ms=1,
                base=base,
            )
            with pytest.raises(SignatureInvalid):
                await house.bindings.accept(envelope)

    tell(tmp_path, story)


def test_a_key_that_a_person_let_go_is_pinned_by_its_next_use_and_that_can_be_narrowed(tmp_path: Path):
    async def story(house: House) -> None:
        first = await house.bind(WIDE)
        opened = await house.bind(OPEN, previous=first.encode())
        for bindings in (house.bindings, house.fresh_bindings()):
            assert await bindings.find(house.place, KEY) is None
            assert await bindings.bound(house.place) == []
        assert await house.bindings.pin(house.place, PIN) == PIN
        narrow = await house.bindings.narrow(house.place, replace(PIN, methods=("GET",)))
        assert narrow == replace(PIN, methods=("GET",), origin="narrowed")
        assert await house.fresh_bindings().find(house.place, KEY) == narrow
        for old in (first, opened):
            with pytest.raises(HeadMoved):
                await house.bindings.accept(old)

    tell(tmp_path, story)


def test_a_pin_rests_on_the_word_that_it_replaces_and_on_no_older_one(tmp_path: Path):
    async def story(house: House) -> None:
        opened = (await house.bind(OPEN)).encode()
        bound = (await house.bind(WIDE, previous=opened)).encode()
        with pytest.raises(SignatureInvalid):
            read_binding(house.workspace.keys, house.workspace.identity, _by_device(house, PIN, bound, opened))

    tell(tmp_path, story)


def test_many_who_narrow_and_pin_at_once_leave_one_chain(tmp_path: Path):
    async def story(house: House) -> None:
        pins = [replace(PIN, hosts=(f"h{number}.example.net",)) for number in range(20)]
        told = await asyncio.gather(*(house.bindings.pin(house.place, pin) for pin in pins))
        assert len(set(told)) == 1
        wishes = [replace(told[0], methods=methods) for methods in (("GET",), ("GET", "POST"), ("POST",), ("GET",))]
        answers = await asyncio.gather(*(house.bindings.narrow(house.place, wish) for wish in wishes))
        assert [answer is not None for answer in answers] == [True, False, False, True]
        assert await house.fresh_bindings().find(house.place, KEY) == replace(told[0], methods=("GET",), origin="narrowed")

    tell(tmp_path, story)
