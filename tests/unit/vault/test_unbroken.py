"""A caller that goes away in the middle leaves memory and disk in step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path

import pytest

from agentsecrets.errors import HeadMoved, ProjectExists, SecretNotFound
from agentsecrets.ledger.entries import PROJECT_CREATED, Named
from agentsecrets.ledger.state import LedgerState
from agentsecrets.model.allowlist import AllowedHost
from agentsecrets.model.binding import Binding
from agentsecrets.model.place import new_id
from agentsecrets.model.secret import KeyName
from agentsecrets.team.projects import check_new_name
from agentsecrets.vault.unbroken import unbroken
from tests.parts.house import House, tell
from tests.parts.patience import until

KEY = KeyName("KEY")
HOST = AllowedHost("api.example.com", 443)


async def _abandon(deed: Awaitable[object]) -> None:
    """Begins a deed and leaves it at its first wait, as a client does that was killed."""
    task = asyncio.ensure_future(deed)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_an_abandoned_set_does_not_leave_the_old_value_in_use(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await house.set(KEY, b"old")
        old = await house.secrets.open(house.place, KEY)
        await _abandon(house.set(KEY, b"new"))
        await until(lambda: house.state.newest_version(house.place, _record_id(house)) == 2)
        await house.secrets.lines(house.place)
        assert await house.secrets.open(house.place, KEY) is not old

    tell(tmp_path, story)


def test_an_abandoned_delete_does_not_leave_the_value_in_use(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await house.set(KEY, b"old")
        await house.secrets.open(house.place, KEY)
        await _abandon(house.secrets.delete(house.place, KEY))
        await until(lambda: house.state.records(house.place) == [])
        await house.secrets.lines(house.place)
        with pytest.raises(SecretNotFound):
            await house.secrets.open(house.place, KEY)

    tell(tmp_path, story)


def test_an_abandoned_entry_takes_effect_and_the_next_one_follows_it(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await _abandon(house.allow(HOST))
        await until(lambda: [listed for _, listed in house.workspace.state.allowed] == [HOST])
        await house.allow(AllowedHost("other.example.com", 443))
        assert len(house.workspace.standing().allowlist.hosts) == 2

    tell(tmp_path, story)


def test_an_abandoned_binding_is_in_force(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        assert await house.binding(house.place, KEY) is None
        await _abandon(house.bind(Binding(KEY, ("api.example.com",), "bearer")))
        await until(lambda: house.state.binding(house.place, house.workspace.keys.binding_id(house.project_id, KEY)) is not None)
        await house.worker.run(lambda: None)
        await asyncio.sleep(0)
        found = await house.binding(house.place, KEY)
        assert found is not None
        assert found.hosts == ("api.example.com",)

    tell(tmp_path, story)


def test_entries_that_are_written_at_once_follow_one_another(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        def write(name: str) -> Awaitable[LedgerState]:
            return house.workspace.write(house.state, house.worker, house.clock, PROJECT_CREATED, new_id(), lambda _: Named(name))

        await asyncio.gather(*(write(f"project {number}") for number in range(20)))
        assert len(house.workspace.state.projects) == 21

    tell(tmp_path, story)


def test_of_two_projects_with_one_name_at_once_one_is_refused(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        def named(state: LedgerState) -> Named:
            check_new_name(state, "till")
            return Named("till")

        written = [house.workspace.write(house.state, house.worker, house.clock, PROJECT_CREATED, new_id(), named) for _ in range(2)]
        answers = await asyncio.gather(*written, return_exceptions=True)
        assert [type(answer) for answer in answers if isinstance(answer, BaseException)] == [ProjectExists]

    tell(tmp_path, story)


def test_an_entry_that_follows_an_older_one_is_told_that_the_head_has_moved(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        answers = await asyncio.gather(house.allow(HOST), house.allow(AllowedHost("other.example.com", 443)), return_exceptions=True)
        assert [type(answer) for answer in answers if isinstance(answer, BaseException)] == [HeadMoved]

    tell(tmp_path, story)


def test_a_deed_that_fails_after_its_caller_has_left_disturbs_nobody() -> None:
    async def story() -> None:
        async def fails() -> None:
            await asyncio.sleep(0)
            raise HeadMoved

        loud: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: loud.append(context))
        await _abandon(unbroken(fails()))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not loud

    asyncio.run(story())


def _record_id(house: House) -> str:
    return house.state.records(house.place)[0].record_id
