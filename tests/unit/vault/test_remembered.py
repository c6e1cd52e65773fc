"""Words for commands that may have values without being asked: exact, sealed, and a person's alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from agentsecrets.crypto.envelope import Envelope
from agentsecrets.crypto.signing import SigningKey
from agentsecrets.errors import RememberedNotFound, SignatureInvalid
from agentsecrets.vault.remembered import Remembered, RememberedCommands, write_remembered
from tests.parts.house import House, open_house

COMMAND = (b"pytest", b"-q", b"\xff")


def _run(root: Path, tell: Callable[[House, RememberedCommands, Remembered], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_house(root / "home") as house:
            known = RememberedCommands(house.workspace, house.state, house.worker)
            remembered = Remembered(
                project_id=house.project_id, environment="development", folder=b"/srv/shop", command=COMMAND, keys=("A_KEY", "B_KEY")
            )
            await tell(house, known, remembered)

    asyncio.run(told())


def _word(house: House, remembered: Remembered, signer: SigningKey | None = None) -> Envelope:
    author, now_ms = house.account.account_id, house.clock.now_ms()
    signer = signer or house.person.signing
    return write_remembered(house.workspace.keys, house.workspace.id, remembered, author=author, signer=signer, now_ms=now_ms)


def test_only_the_very_same_command_is_remembered(tmp_path: Path) -> None:
    async def tell(house: House, known: RememberedCommands, remembered: Remembered) -> None:
        await known.accept(_word(house, remembered), remembered)
        assert await known.has(remembered)
        for change in (
            {"environment": "production"},
            {"folder": b"/srv/other"},
            {"command": (b"pytest", b"-q")},
            {"command": (b"pytest -q", b"\xff")},
            {"keys": ("A_KEY",)},
            {"keys": ("A_KEY", "B_KEY", "C_KEY")},
            {"project_id": "0" * 32},
        ):
            assert not await known.has(msgspec.structs.replace(remembered, **change)), change

    _run(tmp_path, tell)


def test_a_forgotten_command_is_not_remembered(tmp_path: Path) -> None:
    async def tell(house: House, known: RememberedCommands, remembered: Remembered) -> None:
        other = msgspec.structs.replace(remembered, command=(b"make",))
        for one in (remembered, other):
            await known.accept(_word(house, one), one)
        assert await known.forget(remembered.id[:8]) == remembered
        assert [one for _, one in await known.all()] == [other]
        for beginning in ("", remembered.id[:8], "\x1b[31m"):
            with pytest.raises(RememberedNotFound) as refused:
                await known.forget(beginning)
            assert "\x1b" not in refused.value.message

    _run(tmp_path, tell)


def test_a_word_of_anybody_else_does_not_count(tmp_path: Path) -> None:
    async def tell(house: House, known: RememberedCommands, remembered: Remembered) -> None:
        for signer in (SigningKey.generate(), house.person.unattended.device):
            word = _word(house, remembered, signer)
            with pytest.raises(SignatureInvalid):
                await known.accept(word, remembered)
            house.state.put_remembered("planted", word.encode())
            assert not await known.has(remembered)

    _run(tmp_path, tell)


def test_a_word_for_another_command_is_not_accepted_in_its_place(tmp_path: Path) -> None:
    async def tell(house: House, known: RememberedCommands, remembered: Remembered) -> None:
        other = msgspec.structs.replace(remembered, command=(b"curl",))
        with pytest.raises(SignatureInvalid):
            await known.accept(_word(house, remembered), other)

    _run(tmp_path, tell)


def test_the_disk_tells_neither_command_nor_key_names(tmp_path: Path) -> None:
    async def tell(house: House, known: RememberedCommands, remembered: Remembered) -> None:
        await known.accept(_word(house, remembered), remembered)
        stored = b"".join(house.state.remembered())
        assert not any(word in stored for word in (b"pytest", b"A_KEY", b"/srv/shop", remembered.id.encode()))

    _run(tmp_path, tell)


def test_a_word_that_was_taken_back_does_not_count_again_when_its_row_is_put_back(tmp_path: Path) -> None:
    async def tell(house: House, known: RememberedCommands, remembered: Remembered) -> None:
        word = _word(house, remembered)
        await known.accept(word, remembered)
        await known.forget(remembered.id)
        house.state.put_remembered("put back", word.encode())
        assert not await known.has(remembered)
        later = write_remembered(
            house.workspace.keys,
            house.workspace.id,
            remembered,
            author=house.account.account_id,
            signer=house.person.signing,
            now_ms=house.clock.now_ms() + 1,
        )
        await known.accept(later, remembered)
        assert await known.has(remembered)

    _run(tmp_path, tell)
