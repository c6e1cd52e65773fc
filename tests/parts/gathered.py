"""Who gets a body and keeps it."""

from __future__ import annotations

import asyncio

from agentsecrets.ports import UpstreamAnswer


class Gathered(list[bytes]):
    """``passage.Receiver`` that takes everything at once."""

    def put(self, chunk: bytes) -> bool:
        self.append(chunk)
        return True

    async def passed(self) -> None:
        raise AssertionError("it takes everything")

    @property
    def whole(self) -> bytes:
        return b"".join(self)


class Slow(Gathered):
    """``passage.Receiver`` that takes one piece and then nothing until it was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.takes = True

    def put(self, chunk: bytes) -> bool:
        assert self.takes, "it was handed a piece that it did not want"
        self.append(chunk)
        self.takes = False
        return False

    async def passed(self) -> None:
        await asyncio.sleep(0)
        self.takes = True


async def read_answer(answer: UpstreamAnswer) -> bytes:
    """The whole body of an upstream's answer."""
    gathered = Gathered()
    assert await answer.pour(gathered.put)
    return gathered.whole
