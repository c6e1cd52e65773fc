"""What a head asks for is read once, for as long as the head itself is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

from agentsecrets.daemon.data_plane import DataPlane
from agentsecrets.daemon.idleness import Idleness
from agentsecrets.daemon.places import Located, Places
from agentsecrets.network.http1.familiar import LONGEST, FamiliarHeads
from agentsecrets.network.http1.limits import Limits
from tests.parts.front import OnePlace
from tests.parts.house import House, open_house


def _raw(path: int, *, accept: bytes = b"*/*") -> bytes:
    return b"GET /proxy HTTP/1.1\r\nHost: x\r\nX-AS-Target-URL: https://a.example/%d\r\nAccept: %b\r\n\r\n" % (path, accept)


def _plane(house: House) -> DataPlane:
    return DataPlane(house.engine, cast("Places", OnePlace(house)), Idleness(house.clock, 3600))


def test_a_head_that_is_kept_is_read_once_and_any_other_each_time(tmp_path: Path):
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            heads, plane = FamiliarHeads(Limits()), _plane(house)
            assert plane.hear(heads.read(_raw(1))[0]) is plane.hear(heads.read(_raw(2))[0])
            long = [heads.read(_raw(number, accept=b"x" * LONGEST))[0] for number in range(2)]
            assert plane.hear(long[0]) is not plane.hear(long[1])
            assert len(plane._heard) == 1

    asyncio.run(tell())


def test_calls_with_one_head_share_a_template_while_they_mean_one_place(tmp_path: Path):
    async def tell() -> None:
        async with open_house(tmp_path / "home") as house:
            heard = _plane(house).hear(FamiliarHeads(Limits()).read(_raw(1))[0])
            here = Located(house.place, "active")
            there = Located(house.place.beside("staging"), "active")
            first = heard.template_at(here)
            assert heard.template_at(here) is first
            assert heard.template_at(there).place == there.place
            assert heard.template_at(here) == first

    asyncio.run(tell())
