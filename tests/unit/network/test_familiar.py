"""A head that was read before, but for its target, is read as if it were new."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from agentsecrets.network.http1.familiar import LONGEST, MOST, FamiliarHeads
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.messages import Malformed, ReadRequest, read_request

LIMITS = Limits()
NAMES = st.sampled_from(
    [b"Accept", b"x-as-inject-bearer", b"X-AS-Target-URL", b"X-As-Target-Url", b"Cookie", b"Connection", b"Content-Length"]
)
LINES = st.lists(st.tuples(NAMES, st.sampled_from([b"1", b"close", b"a b", b"", b"*/*"])), max_size=4)
GOOD = st.sampled_from([b"https://a.example/", b"https://a.example/item/2?page=1", b"x"])
ANY = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=20).map(lambda text: text.encode("latin-1"))
URLS = st.one_of(GOOD, GOOD, ANY)


def _head(before: list[tuple[bytes, bytes]], name: bytes, url: bytes, behind: list[tuple[bytes, bytes]]) -> bytes:
    fields = [(b"Host", b"127.0.0.1:8765"), *before, (name, url), *behind]
    return b"GET /proxy HTTP/1.1\r\n" + b"".join(b"%b: %b\r\n" % field for field in fields) + b"\r\n"


def _told(read: Callable[[], ReadRequest]) -> object:
    """All that was read, or why nothing was."""
    try:
        head, url, _ = read()
    except Malformed as malformed:
        return str(malformed)
    return astuple(replace(head, kept=False)), url


@given(LINES, st.sampled_from([b"X-AS-Target-URL", b"x-as-target-url"]), st.lists(URLS, min_size=2, max_size=4), LINES)
def test_what_is_remembered_reads_every_head_as_the_parser_does(
    before: list[tuple[bytes, bytes]], name: bytes, urls: list[bytes], behind: list[tuple[bytes, bytes]]
):
    heads = FamiliarHeads(LIMITS)
    for url in urls:
        raw = _head(before, name, url, behind)
        assert _told(partial(heads.read, raw)) == _told(partial(read_request, raw, LIMITS))


def test_heads_that_differ_in_the_target_alone_are_one_object():
    heads = FamiliarHeads(LIMITS)
    first, second = (heads.read(_head([], b"X-AS-Target-URL", url, [])) for url in (b"https://a.example/1", b"https://a.example/2"))
    assert first[0] is second[0]
    assert first[0].kept
    assert (first[1], second[1]) == (b"https://a.example/1", b"https://a.example/2")


def test_a_body_of_another_length_makes_another_head():
    heads = FamiliarHeads(LIMITS)
    for length in (b"5", b"6"):
        raw = _head([], b"X-AS-Target-URL", b"https://a.example/", [(b"Content-Length", length)])
        assert heads.read(raw)[0].framing.length == int(length)


def test_a_chunked_message_gets_a_parser_of_its_own_each_time():
    heads = FamiliarHeads(LIMITS)
    raw = _head([], b"X-AS-Target-URL", b"https://a.example/", [(b"Transfer-Encoding", b"chunked")])
    first, second = heads.read(raw)[2], heads.read(raw)[2]
    assert first is not None
    assert second is not None
    assert first is not second


@pytest.mark.parametrize("field", [(b"Transfer-Encoding", b"chunked"), (b"Accept", b"x" * LONGEST)])
def test_a_head_of_chunks_and_a_long_one_are_not_kept(field: tuple[bytes, bytes]):
    heads = FamiliarHeads(LIMITS)
    raw = _head([field], b"X-AS-Target-URL", b"https://a.example/", [])
    first, second = heads.read(raw)[0], heads.read(raw)[0]
    assert first is not second
    assert not first.kept
    assert len(heads) == 0


def test_a_refused_head_is_not_remembered():
    heads = FamiliarHeads(LIMITS)
    raw = _head([(b"X-AS-Target-URL", b"https://b.example/")], b"X-AS-Target-URL", b"https://a.example/", [])
    for _ in range(2):
        with pytest.raises(Malformed):
            heads.read(raw)


def test_what_is_remembered_stays_small():
    heads = FamiliarHeads(LIMITS)
    for number in range(2 * MOST):
        heads.read(_head([(b"Accept", b"%d" % number)], b"X-AS-Target-URL", b"https://a.example/", []))
    heads.read(_head([(b"Accept", b"x" * LONGEST)], b"X-AS-Target-URL", b"https://a.example/", []))
    assert len(heads) == MOST
