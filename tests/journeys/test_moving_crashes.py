"""``kill -9`` at each step of a move leaves one whole vault, and the same command finishes what was begun."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.commands import VALUE, Commands, commands
from tests.parts.moved import Kill, move

DONE = {"adopt": "nothing_to_move", "release": "no_account"}
"""What a second move says when the first was cut off after its last step."""


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of an account with a secret and a log, which no daemon serves."""
    with commands(tmp_path_factory.mktemp("vault")) as made:
        made.run("secrets", "set", "KEY=-", said=VALUE)
        made.run("call", "--url", "https://api.example.com/first", "--bearer", "KEY", code=4)
        made.stop()
        yield made.home


def _rows(folder: Path) -> list[list[tuple[object, ...]]]:
    """Everything of a vault that a move must not change; the log may have grown, by what its daemon signed."""
    found = []
    for file, tables in (("state.db", ("ledger", "vaults", "records", "bindings")), ("audit.db", ("events",))):
        with contextlib.closing(sqlite3.connect(folder / file)) as database:
            found += [database.execute(f"SELECT * FROM {table}").fetchall() for table in tables]
    return found


@pytest.mark.timeout(400)
@pytest.mark.parametrize("part", ["deed", "other"])
@pytest.mark.parametrize("deed", ["adopt", "release"])
def test_a_move_that_is_killed_at_any_step_is_finished_by_the_next(vault: Path, tmp_path: Path, deed: str, part: str) -> None:
    step, killed = 0, True
    assert all(_rows(vault)[:1] + _rows(vault)[2:3] + _rows(vault)[4:])
    while killed:
        step += 1
        service, user = (Commands(tmp_path / str(step) / name) for name in ("service", "user"))
        source, target = (user, service) if deed == "adopt" else (service, user)
        shutil.copytree(vault, source.home, ignore=shutil.ignore_patterns("run"))
        code, said = move(deed, service, user, Kill(part, step, alone=bool(step % 2)))
        killed = "email" not in said
        again, told = move(deed, service, user)
        assert again == 0 or told == DONE[deed], f"step {step}: {code} {said}, then {again} {told}"
        assert not (source.home / "state.db").exists(), f"step {step}: two are in force"
        assert not (target.home / "arriving").exists()
        service.stop()
        (folder,) = [service.home] if deed == "adopt" else (user.home / "accounts").iterdir()
        assert _rows(folder) == _rows(vault), f"step {step}"
    assert step > 5, "nothing was killed"
