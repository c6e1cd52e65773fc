"""A short answer that came with its head passes at once, and comes out as it does when its body is read."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from agentsecrets.errors import EchoEnclosed
from agentsecrets.model.call import Field
from agentsecrets.proxy.reply import WHOLE_LIMIT, Reply
from agentsecrets.redact import MARK, Matcher
from tests.parts.echoes import Said, Unrecorded
from tests.parts.gathered import Gathered, Slow

VALUE = b"q7Zd9Kf2Xw4Lm8Rt1Bv6"
MATCHER = Matcher([VALUE])


def _reply(said: Said, *, matcher: Matcher | None = MATCHER, head_only: bool = False) -> Reply:
    return Reply(said, matcher, "x", head_only=head_only, close=Unrecorded())


def _said(body: bytes, *fields: Field, at_once: bool = True) -> Said:
    return Said(body, fields=((b"Content-Length", b"%d" % len(body)), *fields), at_once=at_once)


@pytest.mark.parametrize("body", [b"", b"plain", b"<" + VALUE + b"> and <" + VALUE + b">", b"\x1f\x8b", b"x" * (WHOLE_LIMIT - 1)])
def test_a_body_at_hand_comes_out_as_one_that_is_read(body: bytes):
    at_once, read = _reply(_said(body)), _reply(_said(body, at_once=False))
    assert at_once.prepared_at_once()
    assert not read.prepared_at_once()
    asyncio.run(read.prepare())
    assert at_once.whole == read.whole == body.replace(VALUE, MARK)
    assert (at_once.fields, at_once.length, at_once.redactions) == (read.fields, read.length, read.redactions)
    assert at_once.redactions == body.count(VALUE)


@pytest.mark.parametrize(
    "said",
    [
        _said(gzip.compress(b"coded"), (b"Content-Encoding", b"gzip")),
        _said(gzip.compress(b"a file")),
        _said(b"x" * WHOLE_LIMIT),
    ],
    ids=["coded", "compressed", "long"],
)
def test_what_has_to_be_decoded_or_is_long_is_not_taken_at_once(said: Said):
    reply = _reply(said)
    before = list(reply.fields)
    assert not reply.prepared_at_once()
    assert (reply.whole, reply.length, reply.fields) == (None, None, before)


def test_an_answer_that_has_no_body_or_whose_body_is_not_changed_keeps_its_length():
    no_body, unchanged = _reply(_said(b"x" * 7, at_once=False), head_only=True), _reply(_said(b"y" * 9), matcher=None)
    for reply, length in ((no_body, 7), (unchanged, 9)):
        assert reply.prepared_at_once()
        assert (reply.whole, reply.length) == (None, length)


def test_a_whole_body_is_handed_over_once_it_was_taken():
    reply = _reply(_said(b"plain"))
    assert reply.prepared_at_once()
    asyncio.run(reply.pass_on(receiver := Slow()))
    assert receiver == [b"plain"]
    assert receiver.takes, "nobody waited for it"


@pytest.mark.parametrize("level", [0, 9], ids=["stored", "deflated"])
def test_a_value_in_a_compressed_file_counts_once(level: int):
    said = Said(gzip.compress(b"a file with %b in it, and %b" % (VALUE, VALUE) + bytes(3000), level))
    reply = _reply(said)
    asyncio.run(reply.prepare())
    with pytest.raises(EchoEnclosed):
        asyncio.run(reply.pass_on(heard := Gathered()))
    assert VALUE not in heard.whole
    assert reply.redactions == 1
