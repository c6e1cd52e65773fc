"""The state folder that a user has without choosing one."""

from __future__ import annotations

import os
import pwd

import pytest

from agentsecrets.errors import NoHome
from agentsecrets.wire.home import own_home, usual_home
from agentsecrets.wire.service import MARKER, installed

without_service = pytest.mark.skipif(installed() is not None, reason=f"{MARKER} is there: this machine has the service")


@without_service
def test_it_is_where_the_account_database_says_whatever_the_environment_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere/else")
    monkeypatch.setenv("AGENTSECRETS_HOME", "/somewhere/else")
    assert usual_home() == own_home() == f"{pwd.getpwuid(os.geteuid()).pw_dir}/.agentsecrets"


def test_a_user_whom_the_account_database_does_not_know_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1_999_999_999)
    with pytest.raises(NoHome):
        own_home()
