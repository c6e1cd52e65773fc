"""Frames: how the daemon says what a command prints, on which stream, and with which exit status."""

from __future__ import annotations

MEDIA_TYPE = "application/vnd.agentsecrets.frames"
STDOUT, STDERR, CONSENT, FAILURE, EXIT = b"o", b"e", b"p", b"f", b"x"
LONGEST = 1 << 20
"""Most bytes of content in one frame."""


def frame(kind: bytes, content: bytes) -> bytes:
    """One frame: a byte of kind, the content's length in 32 bits, big-endian, the content.

    Args:
        kind: ``STDOUT`` or ``STDERR`` for bytes to print, ``CONSENT`` for a question to a person, ``FAILURE`` for what was refused or
            failed, as JSON and apart from anything that an upstream said, ``EXIT`` for the end.
        content: At most ``LONGEST`` bytes.
    """
    return kind + len(content).to_bytes(4, "big") + content


def frames(kind: bytes, content: bytes) -> bytes:
    """As many frames as a content needs; none when it is empty."""
    return b"".join(frame(kind, content[at : at + LONGEST]) for at in range(0, len(content), LONGEST))
