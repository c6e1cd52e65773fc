"""Bodies that are passed on as they are although they are compressed: files. They are read along, and broken off when they hold a value.

A coding that the upstream declares is taken off; a compressed body without one is what the agent asked for, an archive perhaps, and
decoding it would change innocent bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Protocol

from agentsecrets.proxy.codings import LONGEST_MAGIC, Decoder, TooLong, Undecodable, sniffed
from agentsecrets.redact import Matcher, Redactor

_DEEPEST = 2
"""Compressed streams within each other that are read."""


class Enclosed(Exception):
    """A value stands in a body that must not be changed."""


class _Filter(Protocol):
    """Bytes in, those out that may go; ``hits`` counts what was marked."""

    @property
    def hits(self) -> int: ...

    def feed(self, chunk: bytes) -> bytes: ...

    def flush(self) -> bytes: ...


class Cleaner:
    """One body without values: marked where it is plain, refused where it is compressed and holds one.

    Args:
        matcher: What to look for.
        events: Whether the body is a stream of server-sent events.
        depth: How many compressed streams it stands within.
    """

    __slots__ = ("_begin", "_depth", "_filter", "_matcher", "_plain")

    def __init__(self, matcher: Matcher, *, events: bool = False, depth: int = 0) -> None:
        self._matcher, self._depth = matcher, depth
        self._begin = b""
        self._plain = Redactor(matcher, events=events)
        self._filter: _Filter | None = None

    @property
    def hits(self) -> int:
        """How many marks have been released."""
        return self._plain.hits if self._filter is None else self._filter.hits

    def feed(self, chunk: bytes) -> bytes:
        """Takes bytes and gives those that may go.

        Raises:
            SplitOverEvents: For an event stream only.
            Enclosed, Undecodable
        """
        if self._filter is not None:
            return self._filter.feed(chunk)
        begin = self._begin + chunk
        if len(begin) < LONGEST_MAGIC:
            self._begin = begin
            return b""
        self._begin = b""
        return self._choose(begin).feed(begin)

    def flush(self) -> bytes:
        """Gives what was held; call it at the end of the body.

        Raises:
            SplitOverEvents, Enclosed, Undecodable: As for ``feed``.
        """
        if self._filter is not None:
            return self._filter.flush()
        chosen = self._choose(self._begin)
        return chosen.feed(self._begin) + chosen.flush()

    def _choose(self, begin: bytes) -> _Filter:
        found = sniffed(begin) if self._depth < _DEEPEST else None
        self._filter = self._plain if found is None else _File(self._matcher, found[0], sure=found[1], depth=self._depth + 1)
        return self._filter


class _File:
    """A compressed stream, passed on as it is. A part of it goes once everything that it becomes has been found clean."""

    __slots__ = ("_clean", "_decoded", "_decoder", "_free", "_held", "_inner", "_parts", "_plain", "_raw", "_sent", "_sure", "_taken")

    def __init__(self, matcher: Matcher, decoder: Decoder, *, sure: bool, depth: int) -> None:
        self._decoder, self._sure = decoder, sure
        self._raw, self._inner = Redactor(matcher), Cleaner(matcher, depth=depth)
        self._plain = False
        """Whether it turned out to be no compressed stream at all."""
        self._held = b""
        self._taken = self._sent = self._free = self._decoded = self._clean = 0
        self._parts: deque[tuple[int, int]] = deque()
        """Up to which byte it had been read, and how many decoded bytes there were then; only what has not gone."""

    @property
    def hits(self) -> int:
        return self._raw.hits if self._plain else 0  # what is marked in a compressed stream is never released

    def feed(self, chunk: bytes) -> bytes:
        self._held += self._raw.feed(chunk)
        self._taken += len(chunk)
        if not self._plain:
            for piece in self._readable(chunk):
                self._decoded += len(piece)
                self._clean += len(self._inner.feed(piece))
                self._check()
            self._check()
            self._parts.append((self._taken, self._decoded))
        return self._released()

    def flush(self) -> bytes:
        self._held += self._raw.flush()
        if not self._plain:
            self._finish()
            self._inner.flush()
            self._check()
        released, self._held = self._held, b""
        return released

    def _readable(self, chunk: bytes) -> Iterator[bytes]:
        try:
            yield from self._decoder.decode(chunk)
        except TooLong:
            raise
        except Undecodable:
            self._give_up()

    def _finish(self) -> None:
        try:
            self._decoder.finish()
        except Undecodable:
            self._give_up()

    def _give_up(self) -> None:
        """It is not what it looked like; or it is broken, and who knows what others read in it."""
        if self._sure or self._decoder.proven:
            raise Undecodable from None
        self._plain = True

    def _check(self) -> None:
        if self._inner.hits or (self._raw.hits and not self._plain):
            raise Enclosed

    def _released(self) -> bytes:
        while self._parts and self._parts[0][1] <= self._clean:
            self._free, _ = self._parts.popleft()
        count = len(self._held) if self._plain else min(len(self._held), self._free - self._sent)
        released, self._held = self._held[:count], self._held[count:]
        self._sent += count
        return released
