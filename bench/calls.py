"""What the proxy costs: CPU per request and latency, beside a direct connection to the same TLS upstream.

Samples of both ways alternate in one run; the figures are medians, and the ratios are medians of the pairs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import ssl
import statistics
import time
from dataclasses import dataclass
from functools import partial
from typing import cast

import httptools
import uvloop

from bench.stage import KEY, Stage, cpu_seconds, machine

PATHS = 500
"""Different targets, so that no part of the proxy sees the same request twice in a row."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the upstream.

    Attributes:
        port: Where on 127.0.0.1 to connect to.
        context: TLS, or None for plain HTTP.
        requests: Bytes of the requests that are sent in turn.
    """

    port: int
    context: ssl.SSLContext | None
    requests: list[bytes]


@dataclass(frozen=True, slots=True)
class Sample:
    """What one sample of one way showed: requests a second, and microseconds."""

    rate: float
    p50: float
    p99: float
    client_cpu: float
    upstream_cpu: float
    daemon_cpu: float


class Connection(asyncio.Protocol):
    """A client with one request under way at a time."""

    def __init__(self, way: Way, first: int, until: float, times: list[float]) -> None:
        self._way, self._turn, self._until, self._times = way, first, until, times
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the first request."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's TLS transport does not inherit from it
        self._next()

    def _next(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._turn = (self._turn + 1) % len(self._way.requests)
        self._sent = time.perf_counter()
        self._transport.write(self._way.requests[self._turn])

    def data_received(self, data: bytes) -> None:
        """Feeds the parser."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Notes the time and goes on."""
        now = time.perf_counter()
        status = self._parser.get_status_code()
        if status != 200:
            self.done.set_exception(RuntimeError(f"an answer with status {status}"))
            self._transport.close()
            return
        self._times.append(now - self._sent)
        if now < self._until:
            asyncio.get_running_loop().call_soon(self._next)
        else:
            self._transport.close()
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that ends early fails the run."""
        if not self.done.done():
            self.done.set_exception(exc or RuntimeError("the connection ended early"))


async def _load(way: Way, connections: int, seconds: float) -> list[float]:
    times: list[float] = []
    until = time.perf_counter() + seconds
    loop = asyncio.get_running_loop()
    step = len(way.requests) // connections
    name = "127.0.0.1" if way.context else None
    opened = await asyncio.gather(
        *(
            loop.create_connection(
                partial(Connection, way, number * step, until, times), "127.0.0.1", way.port, ssl=way.context, server_hostname=name
            )
            for number in range(connections)
        )
    )
    await asyncio.gather(*(connection.done for _, connection in opened))
    return times


def _sample(stage: Stage, way: Way, connections: int, seconds: float) -> Sample:
    pids = (os.getpid(), stage.upstream.pid, stage.daemon_pid)
    before, start = [cpu_seconds(pid) for pid in pids], time.perf_counter()
    times = uvloop.run(_load(way, connections, seconds))
    count, elapsed = len(times), time.perf_counter() - start
    spent = [(cpu_seconds(pid) - then) / count * 1e6 for pid, then in zip(pids, before, strict=True)]
    times.sort()
    return Sample(count / elapsed, times[count // 2] * 1e6, times[count * 99 // 100] * 1e6, *spent)


def _ways(stage: Stage) -> tuple[Way, Way]:
    context = ssl.create_default_context(cafile=str(stage.ca))
    host = f"127.0.0.1:{stage.upstream_port}"
    bearer = f"Authorization: Bearer {'v' * 43}"
    direct = [f"GET /item/{number} HTTP/1.1\r\nHost: {host}\r\n{bearer}\r\n\r\n".encode() for number in range(PATHS)]
    proxied = [
        (
            f"GET /proxy HTTP/1.1\r\nHost: 127.0.0.1:{stage.proxy_port}\r\nX-AS-Session-Token: {stage.token}\r\n"
            f"X-AS-Target-URL: {stage.origin}/item/{number}\r\nX-AS-Inject-Bearer: {KEY}\r\n\r\n"
        ).encode()
        for number in range(PATHS)
    ]
    return Way(stage.upstream_port, context, direct), Way(stage.proxy_port, None, proxied)


def _median(samples: list[Sample], name: str) -> float:
    return statistics.median(float(getattr(sample, name)) for sample in samples)


def _report(connections: int, direct: list[Sample], proxied: list[Sample]) -> None:
    print(f"\n{connections} connection{'s' if connections > 1 else ''}, 1 KiB JSON, medians of {len(direct)} alternated pairs")
    print(f"{'':10}{'requests/s':>12}{'p50 µs':>10}{'p99 µs':>10}   CPU µs per request: client, upstream, daemon")
    for name, samples in (("direct", direct), ("proxied", proxied)):
        rate, p50, p99 = (_median(samples, part) for part in ("rate", "p50", "p99"))
        cpu = ", ".join(f"{_median(samples, part):.0f}" for part in ("client_cpu", "upstream_cpu", "daemon_cpu"))
        print(f"{name:10}{rate:12,.0f}{p50:10,.0f}{p99:10,.0f}   {cpu}")
    pairs = list(zip(direct, proxied, strict=True))
    added = statistics.median(two.p50 - one.p50 for one, two in pairs)
    ratio = statistics.median(two.p50 / one.p50 for one, two in pairs)
    cpu_ratio = statistics.median(two.daemon_cpu / (one.client_cpu + one.upstream_cpu) for one, two in pairs)
    print(f"p50 proxied / direct: {ratio:.2f} (+{added:,.0f} µs)")
    print(f"CPU of the daemon / CPU of both ends of a direct request: {cpu_ratio:.2f}")


def main() -> None:
    """Runs the benchmark and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7, help="alternated samples of each way")
    parser.add_argument("--seconds", type=float, default=1.5, help="length of a sample")
    options = parser.parse_args()
    print(machine())
    with Stage() as stage:
        direct, proxied = _ways(stage)
        for connections in (1, 64):
            for way in (direct, proxied):
                _sample(stage, way, connections, 0.3)  # warm up
            pairs = [[_sample(stage, way, connections, options.seconds) for way in (direct, proxied)] for _ in range(options.pairs)]
            _report(connections, [pair[0] for pair in pairs], [pair[1] for pair in pairs])


if __name__ == "__main__":
    main()
