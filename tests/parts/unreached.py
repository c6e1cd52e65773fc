"""An upstream that is never reached: what would have been sent is kept, and answered with nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentsecrets.model.call import Field, Joined
from agentsecrets.ports import Outbound, Sink


@dataclass
class Empty:
    """``ports.UpstreamAnswer`` without a body."""

    status: int = 204
    reason: bytes = b""
    fields: tuple[Field, ...] = ()
    index: Joined = field(default_factory=dict)
    trailers: tuple[Field, ...] = ()
    at_hand: bytes = b""

    async def pour(self, sink: Sink) -> bool:  # noqa: ARG002  (there is nothing to hand over)
        return True

    async def whole(self) -> bytes:
        return b""

    async def close(self) -> None:
        pass


class Unreached:
    """``ports.Upstream`` that keeps what would have been sent."""

    def __init__(self) -> None:
        self.sent: list[Outbound] = []

    async def send(self, outbound: Outbound) -> Empty:
        self.sent.append(outbound)
        return Empty()
