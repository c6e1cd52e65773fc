"""What the journeys share: a person's commands in a fresh state folder, and an upstream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.commands import Commands, commands


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Commands]:
    """Commands of somebody who has an account and a project bound to the folder."""
    with commands(tmp_path) as ready:
        yield ready


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """The same, shared by the tests of a file: for what is refused or only looked at."""
    with commands(tmp_path_factory.mktemp("settled")) as ready:
        yield ready


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Commands]:
    """Commands of somebody who has nothing yet."""
    with commands(tmp_path, ready=False) as fresh:
        yield fresh
