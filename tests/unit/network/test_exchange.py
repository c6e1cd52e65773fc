"""A whole answer leaves in one piece, and whoever wants to can wait until the client takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from agentsecrets.errors import BadHeader
from agentsecrets.network.http1.deadline import Deadline
from agentsecrets.network.http1.exchange import Exchange, Peer
from agentsecrets.network.http1.inflow import Inflow
from agentsecrets.network.http1.limits import Limits
from agentsecrets.network.http1.messages import read_request
from agentsecrets.network.http1.writing import Gate
from tests.unit.network.wires import SECONDS


class Line:
    """``exchange.Wire`` that remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.gate = Gate(SECONDS, self.abort)

    def send(self, sent: bytes) -> None:
        self.sent.append(sent)

    def stays_open(self) -> bool:
        return True

    def soon(self, deed: Callable[[], None]) -> None:
        deed()

    def abort(self) -> None:
        raise AssertionError("nothing goes wrong here")


def _exchange(line: Line, method: bytes = b"GET") -> Exchange:
    head, url, _ = read_request(b"%b / HTTP/1.1\r\nHost: x\r\n\r\n" % method, Limits())
    return Exchange(line, head, url, Peer("tcp", None), Inflow(1, lambda _: None, Deadline(lambda: None), SECONDS))


@pytest.mark.parametrize(
    ("method", "status", "sent"),
    [
        (b"GET", 200, b"HTTP/1.1 200 Fine\r\nA: b\r\nContent-Length: 4\r\n\r\nbody"),
        (b"HEAD", 200, b"HTTP/1.1 200 Fine\r\nA: b\r\nContent-Length: 4\r\n\r\n"),
        (b"GET", 204, b"HTTP/1.1 204 Fine\r\nA: b\r\n\r\n"),
    ],
    ids=["with its body", "to HEAD", "of a status without body"],
)
def test_a_whole_answer_is_sent_in_one_piece(method: bytes, status: int, sent: bytes):
    async def tell() -> None:
        exchange = _exchange(line := Line(), method)
        exchange.answer(status, [(b"A", b"b")], b"body", b"Fine")
        assert line.sent == [sent]
        assert (exchange.started, exchange.finished, exchange.last, exchange.taken) == (True, True, False, True)

    asyncio.run(tell())


def test_nothing_is_sent_of_an_answer_whose_field_would_be_two():
    async def tell() -> None:
        exchange = _exchange(line := Line())
        with pytest.raises(BadHeader):
            exchange.answer(200, [(b"A", b"b\r\nC: d")], b"body")
        assert (line.sent, exchange.started, exchange.finished) == ([], False, False)

    asyncio.run(tell())


def test_whoever_waits_for_the_client_goes_on_once_it_takes_bytes():
    async def tell() -> None:
        exchange = _exchange(line := Line())
        line.gate.shut()
        exchange.answer(200, [], b"body")
        assert exchange.finished
        assert not exchange.taken
        waiting = asyncio.ensure_future(exchange.passed())
        await asyncio.sleep(0)
        assert not waiting.done()
        line.gate.open()
        await waiting
        assert exchange.taken
        await exchange.passed()

    asyncio.run(tell())
