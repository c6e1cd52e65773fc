"""Streams: what an event of an event stream waits for, and how fast 100 MiB pass with and without looking for a value in them."""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import time
from dataclasses import dataclass

import uvloop

from bench.goals import Goal, report, share
from bench.home import KEY, Home
from bench.machine import described, memory_mib, pin
from bench.stage import LARGE_MIB, OTHERS_CPU, Stage

STREAMS = 16
EVENTS_KEY = "EVENTS_KEY"
"""A key of its own: one is bound to the host and port of its first use."""

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One request that opens a stream.

    Attributes:
        port: On 127.0.0.1.
        head: Its bytes.
    """

    port: int
    head: bytes


class Reader(asyncio.Protocol):
    """Reads a stream of events and notes how long each was under way."""

    def __init__(self, head: bytes, delays: list[float]) -> None:
        self._head, self._delays = head, delays

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the stream."""
        transport.write(self._head)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Notes the delay of each event: none of them is ever split on loopback."""
        now = time.monotonic_ns()
        for part in data.split(b"data: ")[1:]:
            self._delays.append((now - int(part.split(b"\n", 1)[0])) / 1000)


async def _listen(request: Request, seconds: float) -> list[float]:
    delays: list[float] = []
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(lambda: Reader(request.head, delays), "127.0.0.1", request.port) for _ in range(STREAMS)]
    await asyncio.sleep(0.3)
    delays.clear()
    await asyncio.sleep(seconds)
    taken = sorted(delays)
    for transport, _ in opened:
        transport.abort()
    return taken


def _events(ways: dict[str, Request], rounds: int, seconds: float) -> list[Goal]:
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, request in ways.items():
            delays = uvloop.run(_listen(request, seconds))
            samples[name].append((delays[len(delays) // 2], delays[len(delays) * 99 // 100]))
    print(f"\nserver-sent events over TLS to the proxies, {STREAMS} streams, one event each 20 ms, medians of {rounds} alternated samples")
    print("direct: without TLS, as the proxies' clients read them")
    print(f"{'':14}{'p50 us':>9}{'p99 us':>9}")
    for name, taken in samples.items():
        print(f"{name:14}{statistics.median(one for one, _ in taken):9,.0f}{statistics.median(other for _, other in taken):9,.0f}")
    added = {
        name: [
            statistics.median(mine[part] - base[part] for mine, base in zip(samples[name], samples["direct"], strict=True))
            for part in (0, 1)
        ]
        for name in samples
    }
    goals = [
        Goal("event, added p50 vs nginx's", share(added["agentsecrets"][0], added["nginx"][0]), 2.0, 1.3),
        Goal("event, added p99 vs nginx's", share(added["agentsecrets"][1], added["nginx"][1]), 3.0, 1.3),
    ]
    if "earlier" in samples:
        goals.append(Goal("event, added p50 vs the earlier engine's", share(added["agentsecrets"][0], added["earlier"][0]), 1.0))
    return goals


def _read_all(request: Request) -> float:
    """Reads one large answer to its end; answers MiB a second."""
    buffer = memoryview(bytearray(_CHUNK))
    with socket.create_connection(("127.0.0.1", request.port)) as connection:
        started = time.perf_counter()
        connection.sendall(request.head)
        size = 0
        while count := connection.recv_into(buffer):
            size += count
        elapsed = time.perf_counter() - started
    if size < LARGE_MIB * 1024 * 1024:
        raise RuntimeError(f"only {size} bytes came")
    return size / 1024 / 1024 / elapsed


def _large(home: Home, ways: dict[str, Request], rounds: int) -> list[Goal]:
    before = memory_mib(home.pid, "VmRSS")  # the peak so far lies above it: the growth is never shown too small
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, request in ways.items():
            rate = _read_all(request)
            if turn:  # the first one warms up
                rates[name].append(rate)
    growth = memory_mib(home.pid, "VmHWM") - before
    print(f"\n{LARGE_MIB} MiB over TLS, medians of {rounds} alternated samples")
    for name, taken in rates.items():
        print(f"{name:30}{statistics.median(taken):9,.0f} MiB/s")
    print(f"peak memory of the daemon grew by {growth:.1f} MiB")
    ratio = statistics.median(
        one / other for one, other in zip(rates["agentsecrets, searched"], rates["agentsecrets, not searched"], strict=True)
    )
    return [
        Goal("100 MiB, one value looked for vs none", ratio, 0.8, 0.95, more_is_better=True),
        Goal("100 MiB, growth of peak memory, MiB", growth, 16.0),
    ]


def _asked(home: Home, url: str, key: str = "") -> bytes:
    inject = f"X-AS-Inject-Bearer: {key}\r\n" if key else ""
    return (
        f"GET /proxy HTTP/1.1\r\nHost: 127.0.0.1:{home.port}\r\nX-AS-Session-Token: {home.token}\r\nX-AS-Target-URL: {url}\r\n"
        f"{inject}Connection: close\r\n\r\n"
    ).encode()


def _events_of(home: Home, url: str, value: str) -> Request:
    home.run("secrets", "set", f"{EVENTS_KEY}=-", typed=value)
    return Request(home.port, _asked(home, url, EVENTS_KEY))


def main() -> None:
    """Runs the benchmark and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="alternated samples of each way")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a sample of events")
    parser.add_argument("--baseline", default="", help="a git revision of the product to measure as well")
    options = parser.parse_args()
    print(described())
    with Stage() as stage:
        stage.large_file()
        nginx, home = stage.nginx(), stage.home()
        earlier = stage.home("earlier-home", stage.earlier(options.baseline)) if options.baseline else None
        pin(os.getpid(), OTHERS_CPU)  # whoever reads leaves the engines their core, as ``wrk`` does
        plain = "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        streams = f"https://127.0.0.1:{stage.streams_port}/events"
        events = {
            "direct": Request(stage.plain_streams_port, plain.format("/events").encode()),
            "nginx": Request(nginx.port, plain.format("/events").encode()),
            "agentsecrets": _events_of(home, streams, stage.value),
        }
        if earlier is not None:
            events["earlier"] = _events_of(earlier, streams, stage.value)
        large = {
            "nginx": Request(nginx.port, plain.format("/large/file").encode()),
            "agentsecrets, not searched": Request(home.port, _asked(home, f"{stage.origin}/large/file")),
            "agentsecrets, searched": Request(home.port, _asked(home, f"{stage.origin}/large/file", KEY)),
        }
        goals = _events(events, options.rounds, options.seconds) + _large(home, large, options.rounds)
    report(goals)


if __name__ == "__main__":
    main()
