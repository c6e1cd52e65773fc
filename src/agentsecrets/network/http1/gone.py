"""What stands in the place of a transport that is gone."""

from __future__ import annotations

import asyncio
from typing import cast


class _Gone:
    """Takes nothing and holds nothing.

    A protocol that kept its lost transport would form a circle with it, and the quarter of a megabyte that a TLS transport reads into
    would wait for the collector.
    """

    def is_closing(self) -> bool:
        """It is closed."""
        return True

    def get_write_buffer_size(self) -> int:
        """Nothing waits in it."""
        return 0

    def write(self, sent: bytes) -> None:
        """Throws the bytes away."""

    def _nothing(self) -> None:
        """Nothing is left to do."""

    close = abort = write_eof = pause_reading = resume_reading = _nothing


GONE = cast("asyncio.Transport", _Gone())
