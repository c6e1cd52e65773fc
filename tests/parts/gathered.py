"""Who gets a body and keeps it."""

from __future__ import annotations

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


async def read_answer(answer: UpstreamAnswer) -> bytes:
    """The whole body of an upstream's answer."""
    gathered = Gathered()
    assert await answer.pour(gathered.put)
    return gathered.whole
