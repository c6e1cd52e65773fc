"""Giver and taker believe nothing of what the other says but its few words and so many bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from agentsecrets.daemon.moving.stream import Gone, Offer, Refused, Stream, Taken, blocks, digest_of, told
from agentsecrets.errors import AgentSecretsError, MoveBrokenOff, StateDamaged, StateUnwritable, UnsafeState


@pytest.fixture
def ends() -> Iterator[tuple[Stream, socket.socket]]:
    ours, theirs = socket.socketpair()
    with Stream(ours.detach(), 5.0) as stream, theirs:
        yield stream, theirs


def _said(encoded: bytes) -> bytes:
    return len(encoded).to_bytes(4) + encoded


def test_a_word_arrives_as_it_was_said():
    one, other = socket.socketpair()
    with Stream(one.detach(), 5.0) as giver, Stream(other.detach(), 5.0) as taker:
        for word in (Offer(state=1, log=-1), Taken(state="a", log=""), Gone(items_left=2)):
            giver.say(word)
            assert taker.hear(type(word)) == word


@pytest.mark.parametrize(
    "said",
    [
        _said(b"{}"),
        _said(b"not json"),
        _said(b'{"word":"gone","items_left":"many"}'),
        _said(b'{"word":"offer","state":1,"log":1}'),
        _said(b'{"word":"gone","items_left":1,"more":1}'),
        _said(b" " * (1 << 14) + b'{"word":"gone","items_left":1}'),
        (1 << 30).to_bytes(4),
        b"\0\0",
        b"",
    ],
)
def test_anything_else_breaks_the_move_off(ends: tuple[Stream, socket.socket], said: bytes):
    stream, theirs = ends
    theirs.sendall(said)
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(MoveBrokenOff):
        stream.hear(Gone)


def test_whoever_keeps_silent_is_given_up():
    ours, theirs = socket.socketpair()
    with Stream(ours.detach(), 0.05) as stream, theirs, pytest.raises(MoveBrokenOff):
        stream.hear(Gone)


def test_what_one_refuses_the_other_raises_in_the_same_words():
    one, other = socket.socketpair()
    with Stream(one.detach(), 5.0) as giver, Stream(other.detach(), 5.0) as taker:
        with pytest.raises(UnsafeState), told(giver):
            raise UnsafeState(problem="it is \x1b[2Ja link", path="/x")
        with pytest.raises(UnsafeState) as refused:
            taker.hear(Offer)
        assert "a link" in refused.value.message
        assert "\x1b" not in refused.value.message


@pytest.mark.parametrize("failure", [b"1", b"{}", b'{"error":"no such slug","message":"\\u001b[2J","hint":"x"}'])
def test_a_refusal_of_another_making_is_a_failure_all_the_same(ends: tuple[Stream, socket.socket], failure: bytes):
    stream, theirs = ends
    theirs.sendall(_said(b'{"word":"refused","failure":' + failure + b"}"))
    with pytest.raises(AgentSecretsError) as refused:
        stream.hear(Gone)
    assert "\x1b" not in refused.value.message + refused.value.hint
    assert Refused.__struct_fields__ == ("failure",)


@pytest.mark.parametrize("slug", ["unsafe_state", "nothing_to_move", "no such slug"])
def test_no_hint_is_the_other_end_s_and_its_words_are_said_to_be_its_own(ends: tuple[Stream, socket.socket], slug: str):
    stream, theirs = ends
    failure = msgspec.json.encode({"error": slug, "message": "the program is too old", "hint": "sudo sh ./evil"})
    theirs.sendall(_said(b'{"word":"refused","failure":' + failure + b"}"))
    with pytest.raises(AgentSecretsError) as refused:
        stream.hear(Offer)
    assert refused.value.slug == slug
    assert refused.value.message == "the other end of the move says: the program is too old"
    assert "evil" not in refused.value.hint
    assert refused.value.hint
    assert "{" not in refused.value.hint


def test_a_file_arrives_whole_for_its_owner_alone(tmp_path: Path):
    content = bytes(range(256)) * 4096
    (tmp_path / "from").write_bytes(content)
    one, other = socket.socketpair()
    with Stream(one.detach(), 5.0) as giver, Stream(other.detach(), 5.0) as taker:
        digests: list[str] = []
        sending = threading.Thread(target=lambda: digests.append(giver.send_file(tmp_path / "from", len(content))))
        sending.start()
        digests.append(taker.receive_file(tmp_path / "to", len(content)))
        sending.join(10)
    assert digests == [digest_of(tmp_path / "from")] * 2
    assert (tmp_path / "to").read_bytes() == content
    assert (tmp_path / "to").stat().st_mode & 0o777 == 0o600


def test_a_file_is_written_over_no_other_and_through_no_link(ends: tuple[Stream, socket.socket], tmp_path: Path):
    stream, theirs = ends
    theirs.sendall(b"new")
    (tmp_path / "there").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    for name in ("there", "link"):
        with pytest.raises(StateUnwritable):
            stream.receive_file(tmp_path / name, 3)
    assert (tmp_path / "there").read_bytes() == b"old"
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("size", [0, 2, 4, 1 << 40])
def test_a_file_that_changes_its_size_while_it_is_read_is_no_vault(tmp_path: Path, size: int):
    (tmp_path / "file").write_bytes(b"abc")
    with pytest.raises(StateDamaged):
        list(blocks(tmp_path / "file", size))


def test_no_link_and_no_pipe_is_read(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(StateUnwritable):
        digest_of(tmp_path / "link")
    assert digest_of(tmp_path / "missing") == ""
