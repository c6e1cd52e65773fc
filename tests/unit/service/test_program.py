"""What is copied for root: this program and what it needs, and nothing else that lies beside it."""

from __future__ import annotations

from pathlib import Path

from agentsecrets.service.program import check, is_current, sources
from agentsecrets.service.unit import KEEPER, unit_text


def test_the_program_and_its_libraries_are_copied_and_no_tools_of_ours() -> None:
    found = {path.as_posix() for path in sources()}
    assert {"agentsecrets/__init__.py", "agentsecrets/daemon/keeper.py"} <= found
    for library in ("click", "cryptography", "msgspec", "nacl", "uvloop"):
        assert any(path.startswith(f"{library}/") for path in found), library
    for tool in ("pytest", "mypy", "ruff", "hypothesis"):
        assert not any(path.startswith(f"{tool}/") for path in found), tool
    assert not [path for path in found if path.endswith((".pth", ".pyc")) or ".." in path or path.startswith("/")]


def test_every_file_is_there_and_is_no_link() -> None:
    assert not [source for source in sources().values() if source.is_symlink() or not source.is_file()]


def test_nothing_is_current_where_nothing_is_installed() -> None:
    if not Path("/opt/agentsecrets").exists():
        assert not is_current(sources())


def test_the_unit_runs_the_program_that_is_checked() -> None:
    assert f"ExecStart={' '.join(KEEPER)}\n" in unit_text()
    assert check.__defaults__ == (Path(KEEPER[0]).parents[1],)
