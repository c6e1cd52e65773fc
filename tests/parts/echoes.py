"""Cells of the redaction matrix, each drawn by its number: a form of a value through a channel of a reply, cut somewhere.

The cells are the same on every machine, so a run can be split, repeated and resumed.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import zlib
from collections.abc import Callable
from functools import lru_cache

import brotli
from backports import zstd

from agentsecrets.errors import AgentSecretsError
from agentsecrets.model.call import Field, joined
from agentsecrets.model.event import Outcome
from agentsecrets.ports import Sink
from agentsecrets.proxy.reply import WHOLE_LIMIT, Reply
from agentsecrets.redact import MARK, Matcher, Redactor, redact_whole
from tests.parts.forms import FORMS, VALUES, mixed
from tests.parts.gathered import Gathered

CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
IN_FIELDS = ("reason", "name", "value", "cookie", "location", "trailer")
CHANNELS = (*IN_FIELDS, "at once", "whole", "body", "trickle", "event", *CODERS, "gzip, br", "file")
"""Where a form is said: fields, a short body with the head or behind it, a body in two chunks, one in many, a server-sent event, coded
bodies, a compressed file."""


class Said:
    """``ports.UpstreamAnswer`` of what a test says.

    Args:
        chunks: Its body.
        reason: Its reason phrase.
        fields: Its header fields.
        trailers: Its trailer fields.
        at_once: Whether the body came with the head.
    """

    def __init__(
        self,
        *chunks: bytes,
        reason: bytes = b"OK",
        fields: tuple[Field, ...] = (),
        trailers: tuple[Field, ...] = (),
        at_once: bool = False,
    ) -> None:
        self.status, self.reason, self.fields, self.index, self.trailers = 200, reason, fields, joined(fields), trailers
        self._chunks, self._left = chunks, iter(chunks)
        self.at_hand = b"".join(chunks) if at_once else None

    async def pour(self, sink: Sink) -> bool:
        return all(map(sink, self._left))

    async def whole(self) -> bytes:
        return b"".join(self._chunks)

    async def close(self) -> None:
        pass


class Unrecorded:
    """``proxy.reply.Close`` for replies that nobody writes down."""

    async def __call__(self, outcome: Outcome, reason: str, redactions: int) -> None:
        pass

    def done(self, redactions: int) -> None:
        pass


@lru_cache(maxsize=len(VALUES))
def matcher_of(shape: str) -> Matcher:
    return Matcher([VALUES[shape]])


def _cut(text: bytes, lot: random.Random, *, pieces: int) -> tuple[bytes, ...]:
    marks = sorted(lot.randrange(len(text) + 1) for _ in range(pieces - 1))
    return tuple(text[start:end] for start, end in zip((0, *marks), (*marks, len(text)), strict=True))


def _said(channel: str, form: bytes, lot: random.Random) -> Said:
    around = b"<p>" + form + b"</p>"
    if channel == "reason":
        return Said(reason=around)
    if channel == "trailer":
        return Said(b"body", trailers=((b"X-Said", around),))
    if channel in IN_FIELDS:
        names = {"value": b"X-Said", "cookie": b"Set-Cookie", "location": b"Location"}
        return Said(fields=((names[channel], around) if channel in names else (b"X-" + form, b"said"), (b"X-Other", b"other")))
    if channel in {"at once", "whole"}:
        return Said(around, fields=((b"Content-Length", b"%d" % len(around)),), at_once=channel == "at once")
    if channel == "event":
        return Said(*_cut(b"data: 1\n\ndata: " + around + b"\n\n", lot, pieces=3), fields=((b"Content-Type", b"text/event-stream"),))
    if channel == "file":
        return Said(*_cut(gzip.compress(around), lot, pieces=3))
    if channel in {"body", "trickle"}:
        return Said(*_cut(around, lot, pieces=2 if channel == "body" else 40))
    coded = around
    for coding in channel.split(", "):
        coded = CODERS[coding](coded)
    return Said(*_cut(coded, lot, pieces=3), fields=((b"Content-Encoding", channel.encode()),))


def cell(number: int) -> str:
    """Says one form through one channel.

    Returns:
        What was wrong, or nothing.
    """
    lot = random.Random(number)
    shape, channel = lot.choice(tuple(VALUES)), lot.choice(CHANNELS)
    name = lot.choice((*FORMS, "mixed"))
    form = mixed(VALUES[shape], number) if name == "mixed" else FORMS[name](VALUES[shape])
    if (channel in IN_FIELDS and any(symbol in form for symbol in b"\r\n\0")) or (channel == "event" and b"\n\n" in form):
        channel = "body"
    try:
        heard, redactions = asyncio.run(
            _hear(Reply(_said(channel, form, lot), matcher_of(shape), "x", head_only=False, close=Unrecorded()))
        )
    except AgentSecretsError as failure:
        return "" if (channel, failure.slug) == ("file", "echo_enclosed") else f"{number}: {shape} {name} {channel}: {failure.slug}"
    if channel == "file" or form in heard or not redactions or heard.count(MARK) != (channel != "name") * redactions:
        return f"{number}: {shape} {name} {channel}"
    return ""


async def _hear(reply: Reply) -> tuple[bytes, int]:
    await reply.prepare()
    await reply.pass_on(gathered := Gathered())
    parts = [part for field in (*reply.fields, *reply.trailers) for part in field]
    return b"\n".join((reply.reason, gathered.whole, *parts)), reply.redactions


def pair(number: int) -> str:
    """Guesses the beginning of a form, once rightly and once wrongly, and compares how much is released after each chunk.

    Returns:
        What was different, or nothing.
    """
    lot = random.Random(number)
    shape, name, events = lot.choice(tuple(VALUES)), lot.choice(tuple(FORMS)), lot.random() < 0.3
    matcher, form = matcher_of(shape), FORMS[name](VALUES[shape])
    guess = form[: lot.randrange(1, len(form))] if len(form) > 1 else b""
    around = b"data: a line of an answer\n" * lot.randrange(1, 60)
    right = around + guess + around + (b"\n\n" if events else b"")
    wrong = around + bytes(byte if byte in b"\r\n" else 0x7E for byte in guess) + around + (b"\n\n" if events else b"")
    if redact_whole(matcher, right)[1]:
        return ""  # the guess happens to hold the value in another form
    sizes = [lot.randrange(1, 90) for _ in range(len(right))]
    return (
        ""
        if _releases(matcher, right, sizes, events=events) == _releases(matcher, wrong, sizes, events=events)
        else f"{number}: {shape} {name}"
    )


def _releases(matcher: Matcher, text: bytes, sizes: list[int], *, events: bool) -> list[int]:
    redactor, at, released = Redactor(matcher, events=events), 0, []
    for size in sizes:
        released.append(len(redactor.feed(text[at : at + size])))
        at += size
        if at >= len(text):
            break
    return [*released, len(redactor.flush())]


def benign(number: int) -> tuple[str, int]:
    """Passes about a megabyte of JSON, HTML or binary that holds no value through the matchers of all shapes.

    Returns:
        What was changed, or nothing, and how many bytes there were.
    """
    lot = random.Random(number)
    text = (_json, _html, _binary)[number % 3](lot)
    shape = tuple(VALUES)[number // 3 % len(VALUES)]
    redactor, size = Redactor(matcher_of(shape)), lot.randrange(1_000, WHOLE_LIMIT)
    released = [redactor.feed(text[at : at + size]) for at in range(0, len(text), size)]
    changed = b"".join((*released, redactor.flush())) != text
    return (f"{number}: {shape}" if changed else ""), len(text)


def _word(lot: random.Random) -> str:
    return "".join(
        lot.choice(("ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "wo", "yu", "zer", "chi")) for _ in range(lot.randrange(1, 4))
    )


def _json(lot: random.Random) -> bytes:
    rows = [
        {
            "id": lot.getrandbits(40), "hash": lot.randbytes(20).hex(), "name": f'{_word(lot)} "{_word(lot)}" & {_word(lot)}\n',
            "url": f"https://api.example.com/{_word(lot)}?id={lot.getrandbits(16)}&q=%20{_word(lot)}%2F",
            "token": zlib.crc32(lot.randbytes(4)),
        }
        for _ in range(400)
    ]  # fmt: skip
    return json.dumps(rows).encode() * 12


def _html(lot: random.Random) -> bytes:
    rows = [
        f'<p class="{_word(lot)}" id="x{lot.getrandbits(20)}" style="color:#{lot.getrandbits(24):06x};">{_word(lot)}&amp;it&#39;s'
        f' <a href="/{_word(lot)}?a={lot.getrandbits(16)}&amp;b={_word(lot)}">{_word(lot)}</a></p>\n'
        for _ in range(600)
    ]
    return "".join(rows).encode() * 12


def _binary(lot: random.Random) -> bytes:
    return lot.randbytes(1_000_000)
