"""Who is at the other end is believed only when the kernel speaks of exactly that connection."""

from __future__ import annotations

import os
import socket
import struct
import sys

import pytest

from agentsecrets.network import peer
from agentsecrets.network.peer import Endpoint, uid_of_tcp_peer

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sock_diag is Linux's")
OURS, THEIRS = ("127.0.0.1", 8765), ("127.0.0.1", 40000)


def _answer(*, kind: int = 20, state: int = 1, uid: int = 1000, inode: int = 7, theirs: Endpoint = THEIRS, ours: Endpoint = OURS) -> bytes:
    """An ``inet_diag_msg`` as the kernel writes it."""
    identity = peer._identity(socket.AF_INET, peer._plain(theirs), peer._plain(ours))
    body = struct.pack("=BBBB", socket.AF_INET, state, 0, 0) + identity + struct.pack("=III", 0, 0, 0) + struct.pack("=II", uid, inode)
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 1, 0) + body


def _read(answer: bytes) -> int | None:
    return peer._read(answer, peer._plain(THEIRS), peer._plain(OURS))


def test_the_exact_connection_names_its_user():
    assert _read(_answer()) == 1000


@pytest.mark.parametrize(
    "answer",
    [
        _answer(inode=0),
        _answer(state=6),
        _answer(state=8),
        _answer(kind=2),
        _answer(theirs=("127.0.0.1", 40001)),
        _answer(ours=("127.0.0.1", 1)),
        _answer(theirs=("127.0.0.2", 40000)),
        _answer()[:40],
        b"",
    ],
    ids=["no inode", "time-wait", "close-wait", "an error", "another port", "another listener", "another address", "cut off", "nothing"],
)
def test_anything_else_names_nobody(answer: bytes):
    assert _read(answer) is None


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
def test_a_real_connection_is_found_while_it_lasts(family: socket.AddressFamily):
    with socket.socket(family) as listener:
        listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        listener.listen()
        with socket.create_connection(listener.getsockname()[:2]) as client:
            accepted, _ = listener.accept()
            ours, theirs = accepted.getsockname()[:2], accepted.getpeername()[:2]
            assert uid_of_tcp_peer(ours, theirs) == os.geteuid()
            assert uid_of_tcp_peer(ours, (theirs[0], theirs[1] ^ 1)) is None
            client.close()
            assert uid_of_tcp_peer(ours, theirs) is None
            accepted.close()
