from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator

import brotli
import pytest
from backports import zstd
from hypothesis import assume, given
from hypothesis import strategies as st

from agentsecrets.proxy.clearing import Clearing
from agentsecrets.proxy.codings import TooLong, Undecodable
from agentsecrets.proxy.enclosed import Cleaner, Enclosed
from agentsecrets.redact import MARK, Matcher
from tests.parts.forms import VALUES

VALUE = VALUES["punctuation"]
MATCHER = Matcher([VALUE])
FILES: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zlib": zlib.compress, "zstd": zstd.compress}
MAGICS = (b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd")
"""How gzip and zstd begin: proof enough, where two bytes of zlib are not."""
NOISE = bytes((at * at * 31 + 7 * at) % 251 for at in range(3000))


def _through(*chunks: bytes) -> bytes:
    cleaner = Cleaner(MATCHER)
    return b"".join(cleaner.feed(chunk) for chunk in chunks) + cleaner.flush()


@pytest.mark.parametrize("name", sorted(FILES))
@given(body=st.binary(max_size=600), size=st.integers(1, 80))
def test_an_innocent_file_is_passed_on_byte_by_byte_as_it_was(name: str, body: bytes, size: int) -> None:
    assume(not body.startswith(MAGICS))  # what says that it is a file and is none is refused, below
    file = FILES[name](body)
    assert _through(*(file[at : at + size] for at in range(0, len(file), size))) == file


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("magic", MAGICS)
def test_what_says_that_it_is_a_file_and_is_none_is_refused(name: str, magic: bytes) -> None:
    with pytest.raises(Undecodable):
        _through(FILES[name](magic + b"and then no stream"))


@pytest.mark.parametrize("outer", sorted(FILES))
@pytest.mark.parametrize("inner", ["", *sorted(FILES)])
def test_a_file_that_holds_the_value_is_never_passed_on_so_far_that_it_could_be_read(outer: str, inner: str) -> None:
    body = NOISE + VALUE + NOISE
    file = FILES[outer](FILES[inner](body) if inner else body)
    for size in (1, 7, 300, 100_000):
        passed: list[bytes] = []
        with pytest.raises(Enclosed):
            passed.extend(_pieces(file, size))
        assert VALUE[:4] not in _readable(b"".join(passed), outer, inner)


def _pieces(file: bytes, size: int) -> Iterator[bytes]:
    cleaner = Cleaner(MATCHER)
    for at in range(0, len(file), size):
        yield cleaner.feed(file[at : at + size])
    yield cleaner.flush()


def _readable(passed: bytes, *names: str) -> bytes:
    """What somebody gets out of the beginning of a file."""
    for name in filter(None, names):
        stream = zstd.ZstdDecompressor() if name == "zstd" else zlib.decompressobj(31 if name == "gzip" else 15)
        passed = stream.decompress(passed)
    return passed


def test_a_bomb_in_a_file_is_refused() -> None:
    with pytest.raises(TooLong):
        _through(gzip.compress(bytes(1 << 27)))


def test_a_broken_file_is_refused() -> None:
    file = gzip.compress(NOISE)
    for broken in (file[:-1], file[:100], file[:400] + b"????" + file[404:], file + b"garbage"):
        with pytest.raises(Undecodable):
            _through(broken)


def test_a_text_that_begins_like_zlib_is_redacted_as_text() -> None:
    text = b"x^2 + y^2, and the key is " + VALUE + b"."
    assert _through(text) == b"x^2 + y^2, and the key is " + MARK + b"."
    assert _through(*(bytes([byte]) for byte in text)) == b"x^2 + y^2, and the key is " + MARK + b"."


def test_a_broken_zlib_stream_is_read_up_to_its_fault() -> None:
    deflate = zlib.compressobj()
    file = deflate.compress(VALUE + NOISE) + deflate.flush(zlib.Z_SYNC_FLUSH)
    with pytest.raises(Enclosed):
        _through(file + b"\xff" * 100)


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"zstd"])
def test_a_declared_coding_is_taken_off_and_its_values_are_marked(coding: bytes) -> None:
    coders = {b"gzip": gzip.compress, b"deflate": zlib.compress, b"br": brotli.compress, b"zstd": zstd.compress}
    body = coders[coding](NOISE + VALUE + NOISE)
    for size in (1, 50, 100_000):
        clearing = Clearing(MATCHER, coding, events=False)
        chunks = [body[at : at + size] for at in range(0, len(body), size)]
        cleared = b"".join(piece for chunk in chunks for piece in clearing.feed(chunk)) + b"".join(clearing.flush())
        assert cleared == NOISE + MARK + NOISE
        assert clearing.hits == 1


def test_a_file_within_a_declared_coding_is_read_too() -> None:
    clearing = Clearing(MATCHER, b"br", events=False)
    with pytest.raises(Enclosed):
        list(clearing.whole(brotli.compress(gzip.compress(VALUE))))


def test_events_that_are_compressed_go_when_they_end() -> None:
    clearing, compressed = Clearing(MATCHER, b"gzip", events=True), zlib.compressobj(wbits=31)
    for number in range(3):
        event = b"data: %d " % number + VALUE + b"\n\n"
        sent = compressed.compress(event) + compressed.flush(zlib.Z_SYNC_FLUSH)
        assert b"".join(clearing.feed(sent)) == event.replace(VALUE, MARK)
