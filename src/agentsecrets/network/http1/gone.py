"""What stands in the place of a transport that is gone."""

from __future__ import annotations

import asyncio


class _Gone(asyncio.Transport):
    """Takes nothing and holds nothing.

    A protocol that kept its lost transport would form a circle with it, and the quarter of a megabyte that a TLS transport reads into
    would wait for the collector.
    """

    def is_closing(self) -> bool:
        return True

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def write_eof(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


GONE = _Gone()
