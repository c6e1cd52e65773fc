"""A body is sent as it is: text, a file from where it stands, or a stream of unknown length."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from agentsecrets.cli.bodies import Body, open_body
from agentsecrets.errors import BadUsage


def _sent(body: Body) -> bytes:
    ours, theirs = socket.socketpair()
    body.send(ours, b"HEAD\r\n\r\n")
    read = b""
    wanted = None if body.length is None else 8 + body.length
    theirs.settimeout(20)
    while (wanted is None and not read.endswith(b"0\r\n\r\n")) or (wanted is not None and len(read) < wanted):
        read += theirs.recv(1 << 16)
    ours.close()
    theirs.close()
    return read.removeprefix(b"HEAD\r\n\r\n")


@pytest.mark.parametrize("text", ["", "{}", "ä", "\udcff", "x" * 100_000])
def test_text_is_sent_as_the_bytes_that_were_typed(text: str):
    body = open_body(text)
    assert body.framing == f"Content-Length: {len(os.fsencode(text))}"
    assert _sent(body) == os.fsencode(text)


@pytest.mark.parametrize("length", [0, 1, 70_000, 300_000])
def test_a_file_is_sent_whole(tmp_path: Path, length: int):
    (tmp_path / "body").write_bytes(b"b" * length)
    body = open_body(f"@{tmp_path / 'body'}")
    assert body.framing == f"Content-Length: {length}"
    assert _sent(body) == b"b" * length


def test_a_pipe_is_sent_in_chunks_and_ends_with_an_empty_one():
    reading, writing = os.pipe()
    os.write(writing, b"streamed")
    os.close(writing)
    assert _sent(Body(source=reading)) == b"8\r\nstreamed\r\n0\r\n\r\n"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(BadUsage):
        open_body(f"@{tmp_path / 'missing'}")
