"""Who enters the port without a token: this user, members of the service's group, and nobody else."""

from __future__ import annotations

import os

import pytest

from agentsecrets.daemon.admission import DataPlaneAdmission
from agentsecrets.daemon.control.router import _FRAMED, _ROUTES
from agentsecrets.daemon.sharing import MEMBERS_MAY, Members, shared_admission
from agentsecrets.errors import PeerRefused, UnknownCaller
from agentsecrets.network.http1.familiar import MOST, FamiliarHeads
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.messages import read_request
from agentsecrets.network.http1.server import Peer

MEMBER = os.geteuid() + 17
HEAD = read_request(b"GET /proxy HTTP/1.1\r\nHost: 127.0.0.1:8765\r\n\r\n", Limits())[0]


def _enters(uid: int | None, *, trusts: bool = True) -> bool:
    admit = DataPlaneAdmission(8765, lambda _: False, trusts_same_user=trusts, members={MEMBER})
    try:
        admit(HEAD, Peer("tcp", uid))
    except UnknownCaller:
        return False
    return True


def test_members_and_this_user_enter_and_nobody_else() -> None:
    assert [_enters(uid) for uid in (os.geteuid(), MEMBER, MEMBER + 1, None)] == [True, True, False, False]
    assert not _enters(MEMBER, trusts=False), "root's daemon asks no one who they are"


def test_what_a_head_showed_is_remembered_while_the_head_is_and_whoever_sends_it_is_asked_anew() -> None:
    heads, admit = FamiliarHeads(Limits()), DataPlaneAdmission(8765, lambda _: False, trusts_same_user=True)
    for number in range(2 * MOST):
        short, long = (
            heads.read(
                b"GET /proxy HTTP/1.1\r\nHost: 127.0.0.1:8765\r\nX-AS-Target-URL: https://a.example/\r\n"
                b"Accept: %d\r\n%b\r\n" % (number, b"Accept: %b\r\n" % (b"x" * size) if size else b"")
            )[0]
            for size in (0, 60_000)
        )
        admit(short, Peer("tcp", os.geteuid()))
        admit(long, Peer("tcp", os.geteuid()))
        with pytest.raises(UnknownCaller):
            admit(short, Peer("tcp", MEMBER))
    assert len(admit._judged) == MOST
    assert all(head.kept for head in admit._judged)


def test_without_a_service_nobody_is_a_member() -> None:
    members = Members(None)
    assert [uid for uid in (0, os.geteuid(), MEMBER) if uid in members] == []


def test_somebody_whom_the_kernel_does_not_name_is_refused_on_the_socket() -> None:
    shared_admission(HEAD, Peer("unix", MEMBER))
    with pytest.raises(PeerRefused):
        shared_admission(HEAD, Peer("unix", None))


def test_members_may_only_what_exists_and_nothing_that_changes_or_hands_over() -> None:
    assert {*_ROUTES, *_FRAMED} >= MEMBERS_MAY
    changing = (
        "set",
        "delete",
        "restore",
        "rollback",
        "create",
        "use",
        "switch",
        "copy",
        "clean",
        "rename",
        "import",
        "handover",
        "reveal",
    )
    assert not [verb for verb in MEMBERS_MAY if any(word in verb for word in changing)]
