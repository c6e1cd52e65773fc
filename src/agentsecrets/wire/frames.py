"""The stream of frames that answers a command on the fast path: the command line only copies them.

A frame is one byte of kind, the length as 32 bits big-endian, then that many bytes. The last frame is always ``EXIT``.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentsecrets.errors import FormatUnknown

MEDIA_TYPE = "application/vnd.agentsecrets.frames"

STDOUT = b"o"
STDERR = b"e"
CONSENT = b"p"
"""A person is asked first: JSON ``{"key", "host", "style", "slot"}``, what a binding would allow. The call was not made."""
EXIT = b"x"
"""The exit code, one byte; nothing follows."""

KINDS = (STDOUT, STDERR, CONSENT, EXIT)
LIMIT = 1 << 20
"""Longest frame, in bytes."""

_HEAD = 5


def frame(kind: bytes, content: bytes) -> bytes:
    """One frame, or several when the content is longer than a frame may be."""
    parts = [content[at : at + LIMIT] for at in range(0, len(content), LIMIT)] or [b""]
    return b"".join(kind + len(part).to_bytes(4, "big") + part for part in parts)


def exit_frame(code: int) -> bytes:
    """The last frame."""
    return frame(EXIT, bytes((code,)))


class FrameReader:
    """Splits bytes, as they arrive, into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Gives each frame that is whole: kind and content.

        Raises:
            FormatUnknown: For a kind or length that no daemon of this version sends.
        """
        self._buffer += received
        while len(self._buffer) >= _HEAD:
            kind, length = bytes(self._buffer[:1]), int.from_bytes(self._buffer[1:_HEAD], "big")
            if kind not in KINDS or length > LIMIT:
                raise FormatUnknown(kind="frame")
            if len(self._buffer) < _HEAD + length:
                return
            content = bytes(self._buffer[_HEAD : _HEAD + length])
            del self._buffer[: _HEAD + length]
            yield kind, content
