"""Every defence that `make defences` takes out is still where its table says."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.architecture.source import PACKAGE, REPOSITORY

TABLE: list[dict[str, Any]] = tomllib.loads((REPOSITORY / "tools" / "defences.toml").read_text(encoding="utf-8"))["defence"]


@pytest.mark.parametrize("defence", TABLE, ids=lambda defence: defence["name"])
def test_the_text_of_a_defence_stands_exactly_once_in_its_file(defence: dict[str, Any]):
    assert (PACKAGE / defence["file"]).read_text(encoding="utf-8").count(defence["old"]) == 1
    assert defence["old"] != defence["new"]
    assert all((REPOSITORY / word).exists() for word in defence["tests"].split() if word.startswith("tests/"))
