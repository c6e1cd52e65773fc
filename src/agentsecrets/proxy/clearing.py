"""The body of an answer: codings taken off, values taken out."""

from __future__ import annotations

from collections.abc import Iterator

from agentsecrets.proxy.codings import Decoder, declared
from agentsecrets.proxy.enclosed import Cleaner
from agentsecrets.redact import Matcher


class Clearing:
    """What one body passes through.

    Args:
        matcher: What to look for.
        codings: What ``Content-Encoding`` says.
        events: Whether the body is a stream of server-sent events.

    Attributes:
        cleaner: What takes values out, behind the codings.

    Raises:
        Undecodable: For a coding that is not known.
    """

    __slots__ = ("_decoders", "cleaner")

    def __init__(self, matcher: Matcher, codings: bytes, *, events: bool) -> None:
        self._decoders = declared(codings)
        self.cleaner = Cleaner(matcher, events=events)

    @property
    def decodes(self) -> bool:
        """Whether it takes a coding off."""
        return bool(self._decoders)

    @property
    def hits(self) -> int:
        """How many marks have been released."""
        return self.cleaner.hits

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Takes bytes of the body and gives those that may go, in pieces.

        Raises:
            Undecodable, TooLong, Enclosed, SplitOverEvents: While the pieces are taken.
        """
        for piece in _decoded(self._decoders, chunk):
            released = self.cleaner.feed(piece)
            if released:
                yield released

    def flush(self) -> Iterator[bytes]:
        """Gives what was held; call it at the end of the body.

        Raises:
            Undecodable, TooLong, Enclosed, SplitOverEvents: As for ``feed``.
        """
        for decoder in self._decoders:
            decoder.finish()
        released = self.cleaner.flush()
        if released:
            yield released

    def whole(self, body: bytes) -> Iterator[bytes]:
        """A body that is all there, piece by piece."""
        yield from self.feed(body)
        yield from self.flush()


def _decoded(decoders: list[Decoder], chunk: bytes) -> Iterator[bytes]:
    if not decoders:
        yield chunk
        return
    for piece in decoders[0].decode(chunk):
        yield from _decoded(decoders[1:], piece)
