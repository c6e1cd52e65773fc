"""Who is at the other end of a Unix socket."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from agentsecrets.wire.unix_peer import process_of, user_of


def test_a_unix_socket_names_its_user() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert user_of(one) == os.geteuid()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only the service asks, which is for Linux")
def test_a_unix_socket_names_its_process() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert process_of(one) == os.getpid()
