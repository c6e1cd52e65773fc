"""What leaves a process can be read by the other one, and holds nothing that it should not."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsecrets.errors import AgentSecretsError, DomainNotInAllowlist, ForeignDaemon, SecretNotFound, leaves
from agentsecrets.wire.failures import from_json, to_json
from agentsecrets.wire.frames import LONGEST, STDOUT, frame, frames
from agentsecrets.wire.messages import Deposit, Key, Message
from agentsecrets.wire.quoting import quoted, unquoted
from agentsecrets.wire.session import Session, new_token, read_session
from agentsecrets.wire.socket_path import NAME, short_path
from agentsecrets.wire.tables import pairs, table

# --- session ----------------------------------------------------------------------------------------------------------------------------


def test_a_token_is_256_random_bits_and_admits_itself_alone():
    token = new_token()
    session = Session(token=token, port=8765)
    assert re.fullmatch(r"as_sess_[0-9a-f]{64}", token)
    assert len({new_token() for _ in range(100)}) == 100
    assert session.admits(token.encode())
    for other in (b"", token.encode()[:-1], token.encode() + b"0", token.upper().encode(), new_token().encode(), "ä".encode()):
        assert not session.admits(other)


def test_a_session_shows_its_port_and_not_its_token():
    session = Session(token=new_token(), port=8765)
    assert session.token not in f"{session!r}{session}"
    assert read_session(session.encode()) == session


@pytest.mark.parametrize("port", ["0", "65536", "-1", '"8765"', "1.5", "null"])
def test_a_session_of_no_port_is_refused(port: str):
    with pytest.raises(AgentSecretsError):
        read_session(b'{"token":"%s","port":%s}' % (new_token().encode(), port.encode()))


# --- failures -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", sorted(leaves()))
def test_every_failure_comes_out_of_the_other_process_as_it_went_in(slug: str):
    leaf = leaves()[slug]
    named = dict.fromkeys(re.findall(r"\{(\w+)\}", leaf.words + leaf.mend), "x")
    failure = leaf(**named)
    again = from_json(to_json(failure))
    assert type(again) is leaf
    assert (again.slug, again.message, again.hint, again.exit_code, again.http_status) == (
        failure.slug, failure.message, failure.hint, failure.exit_code, failure.http_status,
    )  # fmt: skip


def test_a_failure_names_its_host_and_no_other_subject():
    assert msgspec.json.decode(to_json(DomainNotInAllowlist(domain="evil.example")))["domain"] == "evil.example"
    assert msgspec.json.decode(to_json(SecretNotFound(key="K"))).keys() == {"error", "message", "hint"}


@pytest.mark.parametrize(
    "document", [b"", b"{}", b"[]", b"\xff", b'{"error":1}', b"<html>", b'{"error":"x"}', b'{"error":"x","message":"","x":' + b"[" * 5000]
)
def test_what_is_no_failure_of_ours_is_a_stranger_s(document: bytes):
    assert type(from_json(document, ForeignDaemon)) is ForeignDaemon
    assert from_json(document).slug == "internal_error"


def test_an_unknown_slug_keeps_its_words_and_cannot_colour_them():
    told = from_json(b'{"error":"of_tomorrow","message":"red \\u001b[31m","hint":"a\\nb"}')
    assert told.slug == "of_tomorrow"
    assert (told.message + told.hint).isprintable()


# --- frames -------------------------------------------------------------------------------------------------------------------------------


@given(content=st.binary(max_size=300), kind=st.sampled_from([b"o", b"e", b"p", b"x"]))
def test_frames_come_apart_as_they_were_put_together(content: bytes, kind: bytes):
    told = frame(kind, content)
    assert (told[:1], int.from_bytes(told[1:5], "big"), told[5:]) == (kind, len(content), content)


def test_long_content_is_cut_into_frames_and_none_is_empty():
    told, found = frames(STDOUT, b"x" * (2 * LONGEST + 1)), []
    while told:
        length = int.from_bytes(told[1:5], "big")
        found.append(length)
        told = told[5 + length :]
    assert found == [LONGEST, LONGEST, 1]
    assert frames(STDOUT, b"") == b""


# --- messages and paths -------------------------------------------------------------------------------------------------------------------


def test_every_message_refuses_what_it_does_not_know():
    for message in Message.__subclasses__():
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(b'{"of_tomorrow":1}', type=message)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"key":1}', type=Key)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"key":"K"}', type=Deposit)


@given(path=st.binary(min_size=1, max_size=60).filter(lambda raw: b"\0" not in raw))
def test_any_path_can_stand_in_a_header_field(path: bytes):
    text = quoted(os.fsdecode(path))
    assert text.isascii()
    assert text.isprintable()
    assert os.fsencode(unquoted(text)) == path


def test_a_socket_deep_in_the_tree_can_be_reached(tmp_path: Path):
    run = tmp_path.joinpath(*["long-name-of-a-folder"] * 8)
    run.mkdir(parents=True)
    listener = socket.socket(socket.AF_UNIX)
    with short_path(run) as path:
        listener.bind(str(path))
    listener.listen()
    assert (run / NAME).is_socket()
    client = socket.socket(socket.AF_UNIX)
    with short_path(run) as path:
        client.connect(str(path))
    client.close()
    listener.close()


# --- tables -------------------------------------------------------------------------------------------------------------------------------


@given(rows=st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=2), max_size=4))
def test_a_table_has_one_line_for_each_row_whatever_stands_in_it(rows: list[list[str]]):
    lines = table(["NAME", "VALUE"], rows).split("\n")
    assert len(lines) == len(rows) + 5
    assert all(line.isprintable() for line in lines)
    assert (lines[0][0], lines[-2][0], lines[-1]) == ("╭", "╰", "")


def test_pairs_are_aligned_and_what_is_empty_is_left_out():
    assert pairs([("Project", "shop"), ("Gone", ""), ("Id", "7\x1b")]) == "Project  shop\nId       7�\n"
    assert pairs([]) == ""
