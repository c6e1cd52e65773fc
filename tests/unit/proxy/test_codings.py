from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from agentsecrets.proxy.codings import FREE, PIECE, Decoder, TooLong, Undecodable, declared, sniffed


def _raw(body: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-15)
    return deflate.compress(body) + deflate.flush()


CODERS = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress}


def _read(decoders: list[Decoder], *chunks: bytes) -> bytes:
    body = b""
    for chunk in chunks:
        pieces = [chunk]
        for decoder in decoders:
            pieces = [piece for given in pieces for piece in decoder.decode(given)]
        body += b"".join(pieces)
    for decoder in decoders:
        decoder.finish()
    return body


@pytest.mark.parametrize("coding", sorted(CODERS))
@given(body=st.binary(max_size=400), sizes=st.lists(st.integers(1, 50), max_size=20))
def test_a_body_is_read_however_it_is_cut(coding: str, body: bytes, sizes: list[int]) -> None:
    coded, chunks = CODERS[coding](body), []
    for size in sizes:
        chunks.append(coded[:size])
        coded = coded[size:]
    assert _read(declared(coding.upper().encode()), *chunks, coded) == body


@given(st.binary(max_size=400), st.integers(0, 20))
def test_raw_deflate_is_read_under_the_name_of_deflate(body: bytes, at: int) -> None:
    coded = _raw(body)
    assert _read(declared(b"deflate"), coded[:at], coded[at:]) == body


def test_two_codings_come_off_in_order_and_identity_counts_for_nothing() -> None:
    assert _read(declared(b"identity, br , gzip"), gzip.compress(brotli.compress(b"body"))) == b"body"


@pytest.mark.parametrize("codings", [b"compress", b"gzip, aes128gcm", b"gzip, gzip, gzip", b"gzip;q=1", b"g zip", b"dcb"])
def test_what_is_not_known_or_too_much_is_refused(codings: bytes) -> None:
    with pytest.raises(Undecodable):
        declared(codings)


@pytest.mark.parametrize("coding", sorted(CODERS))
def test_a_body_that_ends_early_is_refused(coding: str) -> None:
    coded = CODERS[coding](b"a body of some length" * 20)
    for length in range(1, len(coded) - 1):
        with pytest.raises(Undecodable):
            _read(declared(coding.encode()), coded[:length])


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_something_else_than_what_is_declared_is_refused(coding: str) -> None:
    with pytest.raises(Undecodable):
        _read(declared(coding.encode()), b'{"plain": "json"}' * 10)


@pytest.mark.parametrize("coding", sorted(CODERS))
def test_what_follows_the_end_is_refused_but_for_the_next_member(coding: str) -> None:
    with pytest.raises(Undecodable):
        _read(declared(coding.encode()), CODERS[coding](b"body") + b"more")
    if coding in {"gzip", "zstd"}:
        assert _read(declared(coding.encode()), CODERS[coding](b"one") + CODERS[coding](b"two")) == b"onetwo"


def test_zeros_after_gzip_are_padding() -> None:
    assert _read(declared(b"gzip"), gzip.compress(b"body"), bytes(512)) == b"body"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_put_out_early_and_comes_in_small_pieces(coding: str) -> None:
    bomb = CODERS[coding](bytes(64 * FREE))
    decoder, given = declared(coding.encode())[0], 0

    def light() -> None:
        nonlocal given
        for piece in decoder.decode(bomb):
            assert len(piece) <= 2 * PIECE
            given += len(piece)

    with pytest.raises(TooLong):
        light()
    assert given <= max(FREE, 100 * len(bomb))


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_an_ordinary_long_body_is_no_bomb(coding: str) -> None:
    body = b"".join(b'{"id": %d, "name": "item %d"},' % (number, number * number % 9973) for number in range(50_000))
    assert _read(declared(coding.encode()), CODERS[coding](body)) == body


def test_a_compressed_body_is_known_by_its_beginning() -> None:
    assert sniffed(gzip.compress(b"x")) is not None
    assert sniffed(zstd.compress(b"x")) is not None
    for level in range(10):
        assert sniffed(zlib.compress(b"x", level)) is not None
    for plain in (b"", b"x", b"{}", b"<html>", b"\x1f\x8b", b"PK\x03\x04", b"x2 = y"):
        assert sniffed(plain) is None
