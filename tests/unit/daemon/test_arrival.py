"""A value that is looked at binds its key at most to the one who issued it, and only where that needs no person."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agentsecrets.daemon.arrival import bind_by_value, look_at
from agentsecrets.daemon.unlocked import OpenVault
from agentsecrets.model.binding import Binding
from agentsecrets.model.secret import KeyName
from agentsecrets.proxy.catalogue import catalogue
from tests.parts.house import House, open_house
from tests.unit.proxy.test_catalogue import ROWS

KEY = KeyName("SOME_KEY")


def tell(root: Path, story: Callable[[House, OpenVault], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_house(root / "home") as house:
            await story(house, OpenVault(house.account, house.person.unattended, house.state, house.worker, house.clock))

    asyncio.run(run())


def test_a_fresh_key_is_bound_to_whoever_issued_its_value_and_to_nobody_whose_place_needs_a_person(tmp_path: Path):
    async def story(house: House, vault: OpenVault) -> None:
        for name, row in ROWS.items():
            key, provider = KeyName(f"KEY_OF_{name.upper()}"), catalogue().find(name)
            told = await bind_by_value(vault, house.place, look_at(key, row.values[0].encode()))
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
        told = await bind_by_value(vault, house.place, look_at(KEY, ROWS["groq"].values[0].encode()))
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
            told = await bind_by_value(vault, house.place, look_at(KeyName(key), value))
            assert (told["bound"], told["pinned"], told["proposed"]) == ("", False, proposed)
        assert house.state.bindings(house.place) == []

    tell(tmp_path, story)


def test_of_two_values_that_arrive_at_once_under_one_name_one_binds_and_the_other_is_told(tmp_path: Path):
    async def story(house: House, vault: OpenVault) -> None:
        arrivals = [look_at(KEY, ROWS[name].values[0].encode()) for name in ("groq", "github", "stripe", "groq")]
        told = await asyncio.gather(*(bind_by_value(vault, house.place, arrival) for arrival in arrivals))
        (bound,) = {one["bound"] for one in told}
        winner = catalogue().find("groq" if "groq" in bound else "github" if "github" in bound else "stripe")
        assert [one["elsewhere"] for one in told] == [one["provider"] != winner.id for one in told]

    tell(tmp_path, story)
