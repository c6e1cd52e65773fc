"""The marker of a machine with a service, and whom a client takes for it."""

from __future__ import annotations

import os
import socket
import tomllib

import pytest

from agentsecrets.errors import ForeignService, ServiceBroken
from agentsecrets.wire.service import MARKER, SHARED, STATE, Service, check_peer, check_us, installed, is_home, ours


def test_the_marker_is_toml_and_says_who_the_service_is() -> None:
    assert tomllib.loads(Service(987, 986).encode().decode()) == {"version": 1, "uid": 987, "gid": 986}


def test_the_service_s_own_user_sees_its_state_and_everybody_else_the_socket() -> None:
    assert Service(os.geteuid(), 1).home == STATE
    assert Service(os.geteuid() + 1, 1).home == SHARED


@pytest.mark.skipif(installed() is not None, reason=f"{MARKER} is there: this machine has the service")
def test_without_a_service_nobody_is_taken_for_it() -> None:
    assert not is_home(STATE)
    assert ours() is None
    with pytest.raises(ServiceBroken):
        check_us()
    near, far = socket.socketpair()
    with near, far, pytest.raises(ForeignService):
        check_peer(near)
    assert near.fileno() == -1, "the connection is closed before anything is sent"
