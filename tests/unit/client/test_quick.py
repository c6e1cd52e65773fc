"""Which state folder a command speaks of."""

from __future__ import annotations

import pytest

from agentsecrets.client.quick import home_folder
from agentsecrets.wire.home import own_home
from agentsecrets.wire.service import MARKER, installed

pytestmark = pytest.mark.skipif(installed() is not None, reason=f"{MARKER} is there: this machine has the service")


def test_the_one_that_is_named_else_the_account_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTSECRETS_HOME", "/srv/x/../y")
    assert home_folder() == "/srv/y"
    monkeypatch.setenv("AGENTSECRETS_HOME", "")
    assert home_folder() == own_home()
