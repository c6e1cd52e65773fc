"""A running daemon refuses what somebody else did to its records: put back, moved, mixed, renamed, or lifted from the dead."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agentsecrets.crypto.value import Value
from agentsecrets.errors import AgentSecretsError, RecordCorrupt, SecretNotFound, StateDamaged, StoreOlder
from agentsecrets.model.place import Place
from agentsecrets.model.secret import KeyName
from agentsecrets.vault.secrets import CACHE_SECONDS, Secrets
from tests.parts.house import House, open_house
from tests.parts.log import tamper
from tests.parts.stand_ins import HandClock

KEY, OTHER = KeyName("STRIPE_KEY"), KeyName("OTHER_KEY")


class Scene:
    """A house whose secrets look at a clock that is moved by hand, and its file as another program sees it."""

    def __init__(self, house: House) -> None:
        self.house, self.clock = house, HandClock()
        self.secrets = self.fresh()
        self.path = house.home.state_db

    def fresh(self) -> Secrets:
        """The secrets as a daemon finds them that has just started."""
        return Secrets(self.house.workspace, self.house.state, self.house.worker, self.clock)

    async def set(self, key: KeyName, value: bytes, place: Place | None = None) -> None:
        await self.secrets.set([place or self.house.place], key, Value(value))

    async def opened(self, key: KeyName = KEY, place: Place | None = None) -> bytes:
        """What is injected once nothing is remembered any more."""
        self.clock.go_on(CACHE_SECONDS + 1)
        return (await self.secrets.open(place or self.house.place, key)).reveal()

    def alter(self, statement: str, *values: object) -> None:
        tamper(self.path, lambda log: log.execute(statement, values))

    def rows(self) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.path) as other:
            return other.execute("SELECT * FROM records ORDER BY version").fetchall()


def tell(root: Path, story: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_house(root / "home") as house:
            await story(Scene(house))

    asyncio.run(run())


def test_what_was_set_is_what_is_opened(tmp_path: Path):
    async def story(scene: Scene) -> None:
        await scene.set(KEY, b"one")
        await scene.set(KEY, b"two")
        assert await scene.opened() == b"two"
        assert [(line.key, line.version) for line in await scene.secrets.lines(scene.house.place)] == [(KEY, 2)]

    tell(tmp_path, story)


def test_a_value_is_kept_for_a_minute_and_not_longer(tmp_path: Path):
    async def story(scene: Scene) -> None:
        await scene.set(KEY, b"one")
        first = await scene.secrets.open(scene.house.place, KEY)
        scene.clock.go_on(CACHE_SECONDS - 1)
        assert await scene.secrets.open(scene.house.place, KEY) is first
        scene.clock.go_on(2)
        assert await scene.secrets.open(scene.house.place, KEY) is not first

    tell(tmp_path, story)


def test_a_new_value_is_used_at_once(tmp_path: Path):
    async def story(scene: Scene) -> None:
        for number in range(5):
            await scene.set(KEY, b"%d" % number)
            assert (await scene.secrets.open(scene.house.place, KEY)).reveal() == b"%d" % number

    tell(tmp_path, story)


@pytest.mark.parametrize("remembered", [True, False])
def test_an_old_version_that_is_the_newest_again_is_refused(tmp_path: Path, remembered: bool):
    async def story(scene: Scene) -> None:
        await scene.set(KEY, b"one")
        await scene.set(KEY, b"two")
        if remembered:
            await scene.opened()
        scene.alter("DELETE FROM records WHERE version = 2")
        with pytest.raises(StoreOlder):
            await scene.opened()
        with pytest.raises(StoreOlder):
            await scene.set(KEY, b"three")

    tell(tmp_path, story)


def test_a_deleted_secret_whose_mark_was_taken_away_is_refused(tmp_path: Path):
    async def story(scene: Scene) -> None:
        await scene.set(KEY, b"leaked")
        await scene.secrets.delete(scene.house.place, KEY)
        scene.alter("UPDATE records SET deleted_ms = 0")
        with pytest.raises(StoreOlder):
            await scene.opened()
        with pytest.raises(StoreOlder):
            await scene.secrets.lines(scene.house.place)

    tell(tmp_path, story)


def test_a_deleted_secret_that_was_looked_for_before_its_mark_was_taken_away_is_refused_and_not_listed(tmp_path: Path):
    async def story(scene: Scene) -> None:
        await scene.set(KEY, b"leaked")
        await scene.secrets.delete(scene.house.place, KEY)
        with pytest.raises(SecretNotFound):
            await scene.opened()
        scene.alter("UPDATE records SET deleted_ms = 0")
        with pytest.raises(StoreOlder):
            await scene.opened()
        assert await scene.secrets.lines(scene.house.place) == []

    tell(tmp_path, story)


def test_a_deleted_secret_that_a_person_restores_is_used_again_and_so_is_one_set_anew(tmp_path: Path):
    async def story(scene: Scene) -> None:
        await scene.set(KEY, b"one")
        await scene.secrets.delete(scene.house.place, KEY)
        await scene.secrets.restore(scene.house.place, KEY)
        assert await scene.opened() == b"one"
        await scene.secrets.delete(scene.house.place, KEY)
        await scene.set(KEY, b"two")
        assert await scene.opened() == b"two"

    tell(tmp_path, story)


def test_the_body_of_another_version_does_not_open_in_the_place_of_this_one(tmp_path: Path):
    async def story(scene: Scene) -> None:
        await scene.set(KEY, b"one")
        await scene.set(KEY, b"two")
        scene.alter("UPDATE records SET body = (SELECT body FROM records WHERE version = 1) WHERE version = 2")
        with pytest.raises(RecordCorrupt):
            await scene.opened()

    tell(tmp_path, story)


def test_a_record_under_another_version_number_does_not_open(tmp_path: Path):
    async def story(scene: Scene) -> None:
        await scene.set(KEY, b"one")
        scene.alter("UPDATE records SET version = 9")
        with pytest.raises(RecordCorrupt):
            await scene.opened()

    tell(tmp_path, story)


def test_the_record_of_another_key_does_not_open_in_the_place_of_this_one(tmp_path: Path):
    async def story(scene: Scene) -> None:
        await scene.set(KEY, b"one")
        await scene.set(OTHER, b"other")
        ids = dict.fromkeys(row[3] for row in scene.rows())
        one, other = ids
        scene.alter("DELETE FROM records WHERE record_id = ?", one)
        scene.alter("UPDATE records SET record_id = ? WHERE record_id = ?", one, other)
        for key in (KEY, OTHER):
            with pytest.raises(AgentSecretsError) as refused:
                await scene.opened(key)
            assert refused.value.slug in ("record_corrupt", "secret_not_found")

    tell(tmp_path, story)


@pytest.mark.parametrize("column", ["environment", "project_id", "workspace_id"])
def test_a_record_moved_to_another_vault_does_not_open_there(tmp_path: Path, column: str):
    async def story(scene: Scene) -> None:
        await scene.set(KEY, b"production value")
        here = scene.house.place
        moved = {"environment": "staging", "project_id": "e" * 32, "workspace_id": "f" * 32}[column]
        place = Place(**{**{name: getattr(here, name) for name in ("workspace_id", "project_id", "environment")}, column: moved})
        for table in ("records", "vaults"):
            scene.alter(f"UPDATE {table} SET {column} = ?", moved)
        with pytest.raises(RecordCorrupt):
            await scene.opened(place=place)
        with pytest.raises(RecordCorrupt):
            await scene.secrets.lines(place)

    tell(tmp_path, story)


def test_the_name_key_of_another_vault_does_not_open(tmp_path: Path):
    async def story(scene: Scene) -> None:
        await scene.set(KEY, b"one")
        staging = Place(scene.house.workspace.id, scene.house.project_id, "staging")
        await scene.set(KEY, b"staging", staging)
        scene.alter("UPDATE vaults SET name_key = (SELECT name_key FROM vaults WHERE environment = 'staging')")
        with pytest.raises(RecordCorrupt):
            await scene.opened()
        assert await scene.opened(place=staging) == b"staging"

    tell(tmp_path, story)


def test_a_vault_that_lost_its_name_key_is_not_listed_as_if_nothing_were_wrong(tmp_path: Path):
    async def story(scene: Scene) -> None:
        await scene.set(KEY, b"one")
        scene.alter("DELETE FROM vaults")
        with pytest.raises(RecordCorrupt):
            await scene.fresh().lines(scene.house.place)
        await scene.set(OTHER, b"under a new name key")
        with pytest.raises(RecordCorrupt):
            await scene.fresh().lines(scene.house.place)

    tell(tmp_path, story)


def test_an_altered_part_does_not_open(tmp_path: Path):
    async def story(scene: Scene) -> None:
        await scene.set(KEY, b"one")
        (row,) = scene.rows()
        for part, whole in (("head", row[6]), ("body", row[7])):
            assert isinstance(whole, bytes)
            for spoiled in (b"", b"\x01", b"\x02" + whole[1:], whole + b"\0", whole[:-1], whole[:13] + bytes(len(whole) - 13)):
                scene.alter(f"UPDATE records SET {part} = ?", spoiled)
                with pytest.raises(RecordCorrupt):
                    await scene.opened()
            scene.alter(f"UPDATE records SET {part} = ?", whole)
        assert await scene.opened() == b"one"

    tell(tmp_path, story)


def test_a_column_of_another_type_is_damage(tmp_path: Path):
    async def story(scene: Scene) -> None:
        await scene.set(KEY, b"one")
        (row,) = scene.rows()
        for column, at, other in (
            ("head", 6, "text"),
            ("body", 7, 17),
            ("epoch", 5, 0),
            ("epoch", 5, -5),
            ("epoch", 5, "x"),
            ("version", 4, 1.5),
        ):
            scene.alter(f"UPDATE records SET {column} = ?", other)
            with pytest.raises(StateDamaged):
                await scene.opened()
            with pytest.raises(StateDamaged):
                await scene.fresh().lines(scene.house.place)
            scene.alter(f"UPDATE records SET {column} = ?", row[at])
        scene.alter("UPDATE records SET version = -1")
        with pytest.raises(StateDamaged):
            await scene.fresh().open(scene.house.place, KEY)

    tell(tmp_path, story)


@pytest.mark.parametrize("table", ["records", "vaults"])
def test_a_table_that_is_missing_is_damage(tmp_path: Path, table: str):
    async def story(scene: Scene) -> None:
        await scene.set(KEY, b"one")
        scene.alter(f"DROP TABLE {table}")
        with pytest.raises(StateDamaged):
            await scene.opened()

    tell(tmp_path, story)


def test_two_names_never_share_a_record_and_ids_tell_nothing(tmp_path: Path):
    async def story(scene: Scene) -> None:
        staging = Place(scene.house.workspace.id, scene.house.project_id, "staging")
        for place in (scene.house.place, staging):
            await scene.set(KEY, b"one", place)
            await scene.set(OTHER, b"one", place)
        ids = {row[3] for row in scene.rows()}
        assert len(ids) == 4, "the same name has another id in each vault"
        for row in scene.rows():
            assert all(word not in repr(row) for word in ("STRIPE", "OTHER"))

    tell(tmp_path, story)
