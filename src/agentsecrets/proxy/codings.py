"""Reading coded bodies, piece by piece and within bounds. Source: RFC 9110 §8.4, RFC 1950 to 1952, RFC 7932, RFC 8878, RFC 9659."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE = 64 * 1024
"""Bytes that are decoded at once."""
RATIO = 100
"""A body may become so many times as long."""
FREE = 1024 * 1024
"""So many bytes may come out whatever went in."""
MOST = 2
"""Codings one over the other."""

_ZSTD_WINDOW_LOG = 23
"""8 MiB (RFC 9659 §3)."""
_METHOD = 8
"""Deflate, in the lowest four bits of a zlib stream."""
_FIRST_BYTES = frozenset([b"\x1f", b"\x28", *(bytes([byte]) for byte in range(256) if byte & 0x8F == _METHOD)])
"""What gzip, zstd and zlib begin with."""
_GZIP, _ZLIB, _RAW = 31, 15, -15
"""``wbits`` of zlib's inflateInit2."""


class Undecodable(Exception):
    """The coding is unknown, or the body is not in it, or ends early."""


class TooLong(Undecodable):
    """The body becomes longer than anything that is not made to be that."""


class _Stream(Protocol):
    """One compressed stream."""

    ended: bool
    rest: bytes
    """What followed its end."""

    def decode(self, given: bytes) -> Iterator[bytes]:
        """Everything that can be read once these bytes are there, in pieces."""
        ...


class _Inflate:
    """zlib, gzip or raw deflate."""

    def __init__(self, wbits: int) -> None:
        self._stream = zlib.decompressobj(wbits)
        self.ended, self.rest = False, b""

    def decode(self, given: bytes) -> Iterator[bytes]:
        while not self.ended:
            before = self._stream.copy()
            try:
                decoded = self._stream.decompress(given, PIECE)
            except zlib.error:
                yield from _up_to_the_fault(before, given)
                raise Undecodable from None
            yield decoded
            given = self._stream.unconsumed_tail
            self.ended, self.rest = self._stream.eof, self._stream.unused_data
            if not given and len(decoded) < PIECE:
                return


def _up_to_the_fault(stream: zlib._Decompress, given: bytes) -> Iterator[bytes]:
    """What can still be read of a broken stream: whoever is given its bytes can read that too."""
    for byte in given:
        try:
            yield stream.decompress(bytes([byte]))
        except zlib.error:
            return


class _Deflate:
    """What servers call deflate: zlib, as the standard says, or raw."""

    def __init__(self) -> None:
        self._begun = b""
        self._stream: _Inflate | None = None
        self.ended, self.rest = False, b""

    def decode(self, given: bytes) -> Iterator[bytes]:
        self._begun += given
        if self._stream is None and len(self._begun) > 1:
            self._stream = _Inflate(_ZLIB if _is_zlib(self._begun) else _RAW)
        if self._stream is not None:
            given, self._begun = self._begun, b""
            yield from self._stream.decode(given)
            self.ended, self.rest = self._stream.ended, self._stream.rest


class _Brotli:
    """RFC 7932. Bytes after its end are an error of the library's."""

    ended, rest = False, b""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    def decode(self, given: bytes) -> Iterator[bytes]:
        try:
            while True:
                decoded = self._stream.process(given, output_buffer_limit=PIECE)
                yield decoded
                given = b""
                if not decoded and self._stream.can_accept_more_data():
                    break  # it also accepts more while it still has something to give
        except brotli.error:
            raise Undecodable from None
        self.ended = self._stream.is_finished()


class _Zstd:
    """One frame of RFC 8878."""

    def __init__(self) -> None:
        self._stream = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})
        self.ended, self.rest = False, b""

    def decode(self, given: bytes) -> Iterator[bytes]:
        try:
            yield self._stream.decompress(given, PIECE)
            while not self._stream.eof and not self._stream.needs_input:
                yield self._stream.decompress(b"", PIECE)
        except zstd.ZstdError:
            raise Undecodable from None
        self.ended, self.rest = self._stream.eof, self._stream.unused_data


class Decoder:
    """A coded body in, its bytes out.

    Args:
        start: Begins a stream.
        many: Whether streams may follow each other, as members of gzip (RFC 1952 §2.2) and frames of zstd do.
    """

    def __init__(self, start: Callable[[], _Stream], *, many: bool = False) -> None:
        self._start, self._many = start, many
        self._stream: _Stream | None = None
        self._taken = self._given = 0

    def decode(self, chunk: bytes) -> Iterator[bytes]:
        """Takes bytes of the body; gives what can be read by now, in pieces.

        Raises:
            Undecodable, TooLong
        """
        self._taken += len(chunk)
        rest = chunk
        while rest:
            if self._stream is None or self._stream.ended:
                rest = self._next(rest)
            if self._stream is None or not rest:
                return
            given, rest = rest, b""
            for piece in self._stream.decode(given):
                self._given += len(piece)
                if self._given > max(FREE, RATIO * self._taken):
                    raise TooLong
                if piece:
                    yield piece
            if self._stream.ended:
                rest = self._stream.rest

    @property
    def proven(self) -> bool:
        """Whether a stream has come to its proper end."""
        return self._stream is not None and self._stream.ended

    def finish(self) -> None:
        """Call it at the end of the body.

        Raises:
            Undecodable: When it ends early.
        """
        if self._taken and not self.proven:
            raise Undecodable

    def _next(self, rest: bytes) -> bytes:
        """Begins another stream; zeros behind the last one are padding, as gzip(1) has it."""
        if self._stream is not None:
            rest = rest.lstrip(b"\0")
            if rest and not self._many:
                raise Undecodable
        if rest:
            self._stream = self._start()
        return rest


def _gzip() -> Decoder:
    return Decoder(lambda: _Inflate(_GZIP), many=True)


_CODINGS: dict[bytes, Callable[[], Decoder]] = {
    b"gzip": _gzip,
    b"x-gzip": _gzip,
    b"deflate": lambda: Decoder(_Deflate),
    b"br": lambda: Decoder(_Brotli),
    b"zstd": lambda: Decoder(_Zstd, many=True),
}

LONGEST_MAGIC = 4


def declared(codings: bytes) -> list[Decoder]:
    """What reads the codings that ``Content-Encoding`` names, in the order in which they are to be taken off.

    Raises:
        Undecodable: When one of them is unknown, or there are too many.
    """
    names = [name for part in codings.lower().split(b",") if (name := part.strip()) not in (b"", b"identity")]
    if len(names) > MOST or not _CODINGS.keys() >= set(names):
        raise Undecodable
    return [_CODINGS[name]() for name in reversed(names)]


def sniffed(begin: bytes) -> tuple[Decoder, bool] | None:
    """What reads a body that begins like a compressed one, and whether the beginning is proof enough: two bytes of zlib are not.

    Args:
        begin: At least ``LONGEST_MAGIC`` bytes, or the whole body.
    """
    if begin[:1] not in _FIRST_BYTES:
        return None  # nearly always
    if begin.startswith(b"\x1f\x8b\x08"):
        return _gzip(), True
    if begin.startswith(b"\x28\xb5\x2f\xfd"):
        return Decoder(_Zstd, many=True), True
    return (Decoder(lambda: _Inflate(_ZLIB)), False) if _is_zlib(begin) else None


def _is_zlib(begin: bytes) -> bool:
    """RFC 1950 §2.2: deflate with a window of at most 32 KiB, no dictionary, and a check that is a multiple of 31."""
    return len(begin) > 1 and begin[0] & 0x8F == _METHOD and not begin[1] & 0x20 and int.from_bytes(begin[:2]) % 31 == 0
