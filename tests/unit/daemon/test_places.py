"""Where a call belongs that names no project: what was found is used again, and every change counts from the very next call on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agentsecrets.daemon.places import Named, Places
from agentsecrets.daemon.unlocked import OpenVault, Vault
from agentsecrets.errors import Locked, NoProject
from agentsecrets.ledger.entries import PROJECT_CREATED, PROJECT_DELETED, Nothing
from agentsecrets.ledger.entries import Named as Name
from agentsecrets.model.place import Place, ProjectId, new_id
from tests.parts.house import House, open_house


class Opened:
    """A house that a daemon has opened."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.vault = Vault(OpenVault(house.account, house.person.unattended, house.state, house.worker, house.clock))
        self.places = Places(self.vault, house.state, house.worker)
        self.workspace = self.vault.opened.workspaces[0]

    async def project(self, name: str) -> ProjectId:
        created = ProjectId(new_id())
        await self.workspace.write(self.house.state, self.house.worker, self.house.clock, PROJECT_CREATED, created, lambda _: Name(name))
        return created

    async def delete(self, project: ProjectId) -> None:
        await self.workspace.write(self.house.state, self.house.worker, self.house.clock, PROJECT_DELETED, project, lambda _: Nothing())

    async def place(self) -> Place:
        return (await self.places.locate(Named())).place


@asynccontextmanager
async def opened(root: Path) -> AsyncIterator[Opened]:
    async with open_house(root) as house:
        yield Opened(house)


def test_what_was_found_is_used_again(tmp_path: Path):
    async def tell() -> None:
        async with opened(tmp_path) as daemon:
            await daemon.places.activate(daemon.workspace.id, daemon.house.project_id, "development")
            assert await daemon.places.locate(Named()) is await daemon.places.locate(Named())

    asyncio.run(tell())


def test_another_project_counts_at_once(tmp_path: Path):
    async def tell() -> None:
        async with opened(tmp_path) as daemon:
            first, second = daemon.house.project_id, await daemon.project("other")
            for project in (first, second, first):
                await daemon.places.activate(daemon.workspace.id, project, "development")
                assert (await daemon.place()).project_id == project

    asyncio.run(tell())


def test_another_environment_counts_at_once(tmp_path: Path):
    async def tell() -> None:
        async with opened(tmp_path) as daemon:
            for environment in ("development", "staging", "development"):
                await daemon.places.activate(daemon.workspace.id, daemon.house.project_id, environment)
                assert (await daemon.place()).environment == environment

    asyncio.run(tell())


def test_a_deleted_project_is_gone_at_once(tmp_path: Path):
    async def tell() -> None:
        async with opened(tmp_path) as daemon:
            project = await daemon.project("short-lived")
            await daemon.places.activate(daemon.workspace.id, project, "development")
            assert (await daemon.place()).project_id == project
            await daemon.delete(project)
            with pytest.raises(NoProject):
                await daemon.place()

    asyncio.run(tell())


def test_a_locked_vault_has_no_place(tmp_path: Path):
    async def tell() -> None:
        async with opened(tmp_path) as daemon:
            await daemon.places.activate(daemon.workspace.id, daemon.house.project_id, "development")
            assert (await daemon.place()).project_id == daemon.house.project_id
            daemon.vault._opened = None
            with pytest.raises(Locked):
                await daemon.place()

    asyncio.run(tell())
