"""A body reaches who gets it in pieces, and none while that takes no more."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import pytest

from agentsecrets.network.http1.answer import WholeAnswer
from agentsecrets.network.http1.messages import AnswerHead, Framing
from agentsecrets.proxy.clearing import Clearing
from agentsecrets.proxy.codings import PIECE
from agentsecrets.proxy.passage import Passage
from agentsecrets.redact import MARK, Matcher
from tests.parts.echoes import Said
from tests.parts.gathered import Slow

VALUE = b"q7Zd9Kf2Xw4Lm8Rt1Bv6"
MATCHER = Matcher([VALUE])
BODY = b"".join(b"%d is a line of a long body, with %b in it\n" % (number, VALUE) for number in range(20_000))
CLEARED = BODY.replace(VALUE, MARK)


def _passed_on(codings: bytes, *chunks: bytes) -> Slow:
    receiver, clearing = Slow(), Clearing(MATCHER, codings, events=False)
    asyncio.run(Passage(clearing, receiver).pass_on(Said(*chunks)))
    return receiver


@pytest.mark.parametrize("size", [100, 5_000, 1 << 20])
@pytest.mark.parametrize("codings", [b"", b"gzip", b"deflate"])
def test_a_body_is_passed_on_piece_by_piece_and_whole(codings: bytes, size: int):
    coded = {b"": BODY, b"gzip": gzip.compress(BODY), b"deflate": zlib.compress(BODY)}[codings]
    receiver = _passed_on(codings, *(coded[at : at + size] for at in range(0, len(coded), size)))
    assert receiver.whole == CLEARED


def test_a_body_that_came_with_its_head_waits_for_its_receiver_too():
    receiver, clearing = Slow(), Clearing(MATCHER, b"gzip", events=False)
    answer = WholeAnswer(AnswerHead(200, b"OK", (), {}, Framing(None, chunked=False), keep_alive=True), gzip.compress(BODY))
    asyncio.run(Passage(clearing, receiver).pass_on(answer))
    assert receiver.whole == CLEARED


def test_what_one_chunk_becomes_by_decoding_waits_for_its_receiver():
    receiver = _passed_on(b"gzip", gzip.compress(BODY))
    assert len(receiver) > len(BODY) // (2 * PIECE)
    assert max(map(len, receiver)) < 2 * PIECE


def test_pieces_that_were_cleared_before_are_passed_on_in_order():
    receiver = Slow()
    asyncio.run(Passage(Clearing(MATCHER, b"", events=False), receiver).pass_pieces(iter([b"one", b"two"])))
    assert receiver == [b"one", b"two"]
