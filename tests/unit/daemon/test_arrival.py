"""A value that is looked at binds its key at most to the one who issued it, and only where that needs no person."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agentsecrets.crypto.value import Value
from agentsecrets.daemon.arrival import bind_by_value, look_at, to_be_stored
from agentsecrets.daemon.unlocked import OpenVault
from agentsecrets.model.binding import Binding
from agentsecrets.model.place import ENVIRONMENTS, Environment
from agentsecrets.model.secret import KeyName
from agentsecrets.proxy.catalogue import catalogue
from agentsecrets.vault.secrets import Existing
from tests.parts.house import House, open_house
from tests.unit.proxy.test_catalogue import ROWS

KEY, OTHER = KeyName("SOME_KEY"), KeyName("OTHER")
GITHUB, GROQ = ROWS["github"].values[0].encode(), ROWS["groq"].values[0].encode()


def tell(root: Path, story: Callable[[House, OpenVault], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_house(root / "home") as house:
            await story(house, OpenVault(house.account, house.person.unattended, house.state, house.worker, house.clock))

    asyncio.run(run())


async def _arrived(house: House, vault: OpenVault, key: KeyName, value: bytes) -> dict[str, Any]:
    return (await bind_by_value(vault, house.place, [look_at(key, value)]))[key]


def test_a_fresh_key_is_bound_to_whoever_issued_its_value_and_to_nobody_whose_place_needs_a_person(tmp_path: Path):
    async def story(house: House, vault: OpenVault) -> None:
        for name, row in ROWS.items():
            key, provider = KeyName(f"KEY_OF_{name.upper()}"), catalogue().find(name)
            told = await _arrived(house, vault, key, row.values[0].encode())
            bound = await vault.of(house.workspace.id).bindings.find(house.place, key)
            if row.style.startswith("query"):
                assert bound is None
                assert (told["bound"], told["pinned"], told["proposed"], told["provider"]) == ("", False, True, name)
            else:
                assert bound == provider.binding(key)
                assert (told["bound"], told["pinned"], told["proposed"], told["provider"]) == (bound.shown, True, False, name)

    tell(tmp_path, story)


@pytest.mark.parametrize("origin", ["person", "pinned"])
def test_a_key_that_is_bound_stays_where_it_is(tmp_path: Path, origin: str):
    async def story(house: House, vault: OpenVault) -> None:
        bindings = vault.of(house.workspace.id).bindings
        here = Binding(KEY, ("api.example.com",), "bearer", origin="pinned" if origin == "pinned" else "person")
        await (bindings.pin(house.place, here) if origin == "pinned" else house.bind(here))
        told = await _arrived(house, vault, KEY, ROWS["groq"].values[0].encode())
        assert await bindings.find(house.place, KEY) == here
        assert (told["bound"], told["pinned"], told["proposed"], told["elsewhere"]) == (here.shown, False, False, True)

    tell(tmp_path, story)


def test_a_name_and_a_value_that_says_nothing_bind_nothing(tmp_path: Path):
    async def story(house: House, vault: OpenVault) -> None:
        for key, value, proposed in (
            ("OPENAI_API_KEY", b"q7Zd9Kf2Xw4Lm8Rt1Bv6", True),
            (KEY, b"gsk_" + b"x" * 51, False),
            (KEY, b"\xff", False),
        ):
            told = await _arrived(house, vault, KeyName(key), value)
            assert (told["bound"], told["pinned"], told["proposed"]) == ("", False, proposed)
        assert house.state.bindings(house.place) == []

    tell(tmp_path, story)


def test_of_two_values_that_arrive_at_once_under_one_name_one_binds_and_the_other_is_told(tmp_path: Path):
    async def story(house: House, vault: OpenVault) -> None:
        arrivals = [look_at(KEY, ROWS[name].values[0].encode()) for name in ("groq", "github", "stripe", "groq")]
        told = [one[KEY] for one in await asyncio.gather(*(bind_by_value(vault, house.place, [arrival]) for arrival in arrivals))]
        (bound,) = {one["bound"] for one in told}
        winner = catalogue().find("groq" if "groq" in bound else "github" if "github" in bound else "stripe")
        assert [one["elsewhere"] for one in told] == [one["provider"] != winner.id for one in told]

    tell(tmp_path, story)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("deleted", [False, True])
def test_where_anybody_publishes_a_key_that_has_had_a_value_is_not_pinned_by_a_made_up_one(
    tmp_path: Path, environment: Environment, deleted: bool
):
    async def story(house: House, vault: OpenVault) -> None:
        place = house.place.beside(environment)
        opened = vault.of(place.workspace_id)
        await house.secrets.set([place], KEY, Value(b"q7Zp-Lw3xVt9KdRm-of-nobody-known"))
        if deleted:
            await opened.secrets.delete(place, KEY)
        told = await _arrived(house, vault, KEY, GITHUB)
        assert (told["bound"], told["pinned"], told["proposed"]) == ("", False, True)
        assert (await _arrived(house, vault, OTHER, GITHUB))["pinned"]
        assert (await _arrived(house, vault, KEY, GROQ))["bound"] == "api.groq.com as bearer"  # any first call could have pinned it so

    tell(tmp_path, story)


def test_many_values_at_once_are_each_bound_to_their_own_provider(tmp_path: Path):
    async def story(house: House, vault: OpenVault) -> None:
        arrivals = [look_at(KeyName(f"KEY_{number}"), GITHUB if number % 2 else GROQ) for number in range(200)]
        told = await bind_by_value(vault, house.place, arrivals)
        assert [one["provider"] for one in told.values()] == ["groq", "github"] * 100
        assert all(one["pinned"] for one in told.values())

    tell(tmp_path, story)


@pytest.mark.parametrize(
    ("existing", "kept"),
    [("overwrite", ["SOME_KEY", "OTHER"]), ("skip", ["OTHER"]), ("refuse", [])],
)
def test_what_an_import_leaves_alone_is_not_bound_by_what_it_says(existing: Existing, kept: list[str]):
    arrivals = [look_at(KEY, GROQ), look_at(OTHER, GROQ)]
    assert [arrival.key for arrival in to_be_stored(arrivals, {KEY}, existing)] == kept
    assert to_be_stored(arrivals, set(), existing) == arrivals
