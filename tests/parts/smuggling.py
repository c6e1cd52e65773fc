"""Requests that two readers may frame in two ways, from a seed: known techniques, and mutations of proper requests."""

from __future__ import annotations

import random
from collections.abc import Iterator

SECOND = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\nX-Mark: smuggled\r\n\r\n"

LENGTHS = (
    b"Content-Length: 5",
    b"Content-Length: 0",
    b"Content-Length: +5",
    b"Content-Length: -1",
    b"Content-Length: 5, 5",
    b"Content-Length: 05",
    b"Content-Length: 5\r\nContent-Length: 6",
    b"Content-Length: 0x5",
    b"Content-Length: 5 ",
    b"Content-Length:\t5",
    b"Content-Length : 5",
    b" Content-Length: 5",
    b"Content-Length\t: 5",
    b"Content_Length: 5",
    b"Content-Length: 99999999999999999999",
    b"Content-Length: ",
    b"content-length: 5\r\nCONTENT-LENGTH: 5",
    b"Content-Length: 1e1",
    b"Content-Length: 5\x0b",
    b"Content-Length: \x005",
    b"Content-Length: 5\r\n 6",
    b"X: y\nContent-Length: 50",
    b"X: y\rContent-Length: 50",
)
CODINGS = (
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding : chunked",
    b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: identity, chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
    b"Transfer-Encoding:\tchunked",
    b"Transfer-Encoding: chunked ",
    b"Transfer-Encoding: \x0bchunked",
    b" Transfer-Encoding: chunked",
    b"X: X\nTransfer-Encoding: chunked",
    b"Transfer-Encoding\r\n: chunked",
    b"Transfer-Encoding:\r\n chunked",
    b"Transfer_Encoding: chunked",
    b"TRANSFER-ENCODING: CHUNKED",
    b'Transfer-Encoding: "chunked"',
    b"Transfer-Encoding: chun\xffked",
    b"Transfer-Encoding: chunked;q=1",
    b"Transfer-Encoding: ,chunked",
    b"Transfer-Encoding: chunked,",
    b"Transfer-Encoding: ",
    b"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
)
CHUNKS = (
    b"5\r\nhello\r\n0\r\n\r\n",
    b"0\r\n\r\n",
    b"0\r\n\r\n" + SECOND,
    b"5;x=y\r\nhello\r\n0\r\n\r\n",
    b'5;x="\r\n"\r\nhello\r\n0\r\n\r\n',
    b"5 \r\nhello\r\n0\r\n\r\n",
    b"0x5\r\nhello\r\n0\r\n\r\n",
    b"+5\r\nhello\r\n0\r\n\r\n",
    b"-5\r\nhello\r\n0\r\n\r\n",
    b"5\nhello\n0\n\n",
    b"5\r\nhello0\r\n\r\n",
    b"5\r\nhelloXX0\r\n\r\n",
    b"5\rhello\r0\r\r",
    b"5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n",
    b"5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n",
    b"ffffffffffffffff5\r\nhello\r\n0\r\n\r\n",
    b"00000000000000000005\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\r\n0\r\n\r\nX",
    b"\r\n5\r\nhello\r\n0\r\n\r\n",
    b"5;\nhello\r\n0\r\n\r\n",
    b"2\r\nhello\r\n0\r\n\r\n",
    b"g\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\r\n0\n\r\n",
    b"",
    b"hello",
    b"hello" + SECOND,
)
LINES = (
    b"POST /proxy HTTP/1.1",
    b"POST /proxy HTTP/1.0",
    b"POST /proxy HTTP/1.1 ",
    b"POST  /proxy HTTP/1.1",
    b"POST /proxy\tHTTP/1.1",
    b"post /proxy HTTP/1.1",
    b"POST /proxy HTTP/1.2",
    b"POST /proxy HTTP/0.9",
    b"POST /proxy",
    b"POST /proxy HTTP/2.0",
    b"POST /proxy http/1.1",
    b"POST /pro xy HTTP/1.1",
    b"POST http://127.0.0.1:{port}/proxy HTTP/1.1",
    b"POST http://evil.example/proxy HTTP/1.1",
    b"POST //127.0.0.1/proxy HTTP/1.1",
    b"POST * HTTP/1.1",
    b"PRI * HTTP/2.0",
    b"\r\nPOST /proxy HTTP/1.1",
    b"\0POST /proxy HTTP/1.1",
    b"POST /proxy#x HTTP/1.1",
    b"POST /proxy?x HTTP/1.1",
    b"POST /proxy HTTP/1.1\rX: y",
)
EXTRAS = (
    b"Host: evil.example",
    b"host: 127.0.0.1:{port}",
    b"Expect: 100-continue",
    b"Expect: 200-maybe",
    b"Connection: keep-alive",
    b"Connection: close",
    b"Connection: close, host",
    b"Connection: x-as-target-url",
    b"Upgrade: h2c",
    b"Upgrade: websocket\r\nConnection: Upgrade",
    b"X-AS-Target-URL: https://evil.example/",
    b"X-Long: " + b"a" * 5000,
    b": no name",
    b"No Colon",
    b"X\0Y: 1",
    b"X: \0",
    b"X: a\x7f",
    b"X Y: 1",
    b"X: 1\r\n folded",
    b"X: 1\r\n\tfolded",
    b"X: 1\n\n",
    b"X: 1\r\r\n",
    b"\x80: 1",
    b"X: \xff\xfe",
    b"Trailer: Content-Length",
    b"TE: trailers",
    b"Content-Encoding: gzip",
)


def smuggled_requests(seed: int, count: int, proper: bytes, port: int) -> Iterator[bytes]:
    """So many streams of bytes for one connection each.

    Args:
        seed: The same seed gives the same bytes.
        count: How many.
        proper: Header lines that a proper request has, without request line and framing, each ending in CR LF.
        port: Ours.
    """
    chance = random.Random(seed)
    for _ in range(count):
        line = chance.choice(LINES) if chance.random() < 0.3 else LINES[0]
        framing = [chance.choice(LENGTHS), chance.choice(CODINGS)]
        chance.shuffle(framing)
        framing = framing[: chance.choice((1, 1, 2))]
        extra = [chance.choice(EXTRAS)] if chance.random() < 0.3 else []
        head = b"\r\n".join([line, proper.rstrip(b"\r\n"), *framing, *extra, b"", b""]).replace(b"{port}", b"%d" % port)
        whole = head + chance.choice(CHUNKS)
        yield _mutated(chance, whole) if chance.random() < 0.4 else whole


def _mutated(chance: random.Random, whole: bytes) -> bytes:
    mutated = bytearray(whole)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(len(mutated) + 1)
        deed = chance.randrange(4)
        if deed == 0:
            mutated[at:at] = chance.choice((b"\r", b"\n", b"\0", b" ", b"\t", b"\r\n", b":", b"0", b"\xff", SECOND))
        elif deed == 1:
            del mutated[at : at + chance.choice((1, 1, 2, 8))]
        elif deed == 2 and at < len(mutated):
            mutated[at] = chance.randrange(256)
        else:
            start = chance.randrange(len(mutated) + 1)
            mutated[at:at] = mutated[start : start + chance.randrange(40)]
    return bytes(mutated)
