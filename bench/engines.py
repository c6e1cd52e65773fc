"""The proxy beside nginx, beside a pair of aiohttp server and client, and beside its own earlier self.

All stand before the same TLS upstream and are loaded in turn, in one run. Ours does everything that it does for an agent: it checks the
session token and the target, the allowlist and the binding, commits an intent and an outcome to the log, injects a bearer value and
searches the answer for every form of it. "nginx, same work" is what the goals are set against: it is asked in the same way, checks a
token and an allowlist, injects, replaces one literal in the answer and writes a buffered log line with the same columns, none of which
it commits before it sends. "nginx, bare" adds a header field and writes a short line. The aiohttp pair checks an allowlist, injects,
searches for one literal and writes a buffered log line.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path

from bench.goals import Figure, Goal, report, share
from bench.home import KEY, Home
from bench.honest import Door, check
from bench.load import Sample, Way, sample, way
from bench.machine import described
from bench.nginx import Nginx
from bench.stage import Stage

PATHS = 500
"""Different targets, sent in turn, so that the same request never comes twice in a row."""

OURS, WORKING, NGINX, PAIR, DIRECT, EARLIER = "agentsecrets", "nginx, same work", "nginx, bare", "aiohttp pair", "direct", "earlier"
SAME = "same heads"

Samples = dict[str, list[Sample]]


def main() -> None:
    """Runs the benchmark and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="alternated samples of each way")
    parser.add_argument("--seconds", type=int, default=2, help="length of a sample")
    parser.add_argument("--baseline", default="", help="a git revision of the product to measure as well")
    options = parser.parse_args()
    print(described())
    with Stage() as stage:
        ways = _ways(stage, options.baseline)
        results = {}
        for connections in (1, 64):
            for one in ways:
                sample(one, stage.upstream.pid, connections, 1)  # warm up
            results[connections] = _rounds(stage, ways, connections, options.rounds, options.seconds)
            _table(connections, results[connections], options.rounds)
    report(_goals(results[1], results[64]))


def _rounds(stage: Stage, ways: list[Way], connections: int, rounds: int, seconds: int) -> Samples:
    samples: Samples = {one.name: [] for one in ways}
    for _ in range(rounds):
        for one in ways:
            samples[one.name].append(sample(one, stage.upstream.pid, connections, seconds))
    return samples


def _ways(stage: Stage, baseline: str) -> list[Way]:
    bearer = f"Authorization: Bearer {stage.value}\r\n"
    nginx = stage.nginx()
    pair_pid, pair_port = stage.aiohttp_pair()
    ours, working = stage.home(), stage.nginx_with_the_same_work()
    for name, door in ((OURS, ours), (WORKING, working)):
        check(name, door, stage.origin, stage.value)
    ways = [
        way(stage.folder, DIRECT, None, stage.origin, [_plain(path, bearer) for path in _paths()]),
        way(stage.folder, NGINX, nginx.pid, f"http://127.0.0.1:{nginx.port}", [_plain(path) for path in _paths()]),
        proxied(stage.folder, WORKING, working, stage.origin),
        way(stage.folder, PAIR, pair_pid, f"http://127.0.0.1:{pair_port}", _asked(stage.origin, _paths())),
        proxied(stage.folder, OURS, ours, stage.origin),
        way(stage.folder, SAME, ours.pid, f"http://127.0.0.1:{ours.port}", _asked(stage.origin, ["/item"], ours)),
    ]
    if baseline:
        ways.append(proxied(stage.folder, EARLIER, stage.home("earlier-home", stage.earlier(baseline)), stage.origin))
    return ways


def proxied(folder: Path, name: str, through: Home | Nginx, origin: str) -> Way:
    """The way through a daemon of ours, or what is asked as it is, to different targets in turn."""
    return way(folder, name, through.pid, f"http://127.0.0.1:{through.port}", _asked(origin, _paths(), through))


def _paths() -> list[str]:
    return [f"/item/{number}?page={number % 7}" for number in range(PATHS)]


def _plain(path: str, extra: str = "") -> str:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nUser-Agent: bench/1\r\n{extra}\r\n"


def _asked(origin: str, paths: list[str], door: Door | None = None) -> list[str]:
    host = f"127.0.0.1:{door.port}" if door else "127.0.0.1"
    token = f"X-AS-Session-Token: {door.token}\r\n" if door else ""
    return [
        f"GET /proxy HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\nUser-Agent: bench/1\r\n{token}"
        f"X-AS-Target-URL: {origin}{path}\r\nX-AS-Inject-Bearer: {KEY}\r\n\r\n"
        for path in paths
    ]


def _table(connections: int, samples: Samples, rounds: int) -> None:
    print(f"\n{connections} connection{'s' if connections > 1 else ''}, 1 KiB of JSON over TLS, medians of {rounds} alternated samples")
    print(f"{'':18}{'requests/s':>12}{'p50 us':>9}{'p99 us':>9}{'CPU us':>9}{'busy':>7}{'load and upstream CPU us':>27}")
    for name, taken in samples.items():
        rate, p50, p99, cpu, load, busy = (_median(taken, part) for part in ("rate", "p50", "p99", "cpu", "load_cpu", "busy"))
        print(f"{name:18}{rate:12,.0f}{p50:9,.0f}{p99:9,.0f}{cpu:9,.1f}{busy:7.0%}{load:27,.1f}")


def _median(samples: list[Sample], part: str) -> float:
    return statistics.median(float(getattr(one, part)) for one in samples)


def _ratio(ours: list[Sample], theirs: list[Sample], figure: Callable[[Sample], float]) -> float:
    """Median of the ratios within each round: what slowed both down falls out."""
    return statistics.median(figure(one) / figure(other) for one, other in zip(ours, theirs, strict=True))


def _goals(single: Samples, many: Samples) -> list[Goal | Figure]:
    goals: list[Goal | Figure] = [
        Goal("CPU per request, 64 connections, vs nginx, same work", _cpu(many, OURS, WORKING), 3.0, 1.5),
        Goal("same, identical requests", _cpu(many, SAME, WORKING), 3.0, 1.5),
        Goal("same, vs the aiohttp pair", _cpu(many, OURS, PAIR), 0.4, 0.25),
        Goal("requests/s, 64 connections, vs nginx, same work", _rate(many, OURS, WORKING), 0.35, 0.55, more_is_better=True),
        Goal("added p50, 1 connection, vs nginx, same work", share(_added(single, OURS), _added(single, WORKING)), 2.5, 1.6),
        Figure("CPU per request, 64 connections, vs nginx, bare", _cpu(many, OURS, NGINX)),
        Figure("requests/s, 64 connections, vs nginx, bare", _rate(many, OURS, NGINX)),
        Figure("added p50, 1 connection, vs nginx, bare", share(_added(single, OURS), _added(single, NGINX))),
    ]
    if EARLIER in many:
        goals += [
            Goal("CPU per request, 64 connections, vs the earlier engine", _cpu(many, OURS, EARLIER), 1.0),
            Goal("added p50, 1 connection, vs the earlier engine", share(_added(single, OURS), _added(single, EARLIER)), 1.0),
        ]
    return goals


def _cpu(samples: Samples, ours: str, theirs: str) -> float:
    return _ratio(samples[ours], samples[theirs], lambda one: one.cpu)


def _rate(samples: Samples, ours: str, theirs: str) -> float:
    return _ratio(samples[ours], samples[theirs], lambda one: one.rate)


def _added(samples: Samples, name: str) -> float:
    return statistics.median(one.p50 - base.p50 for one, base in zip(samples[name], samples[DIRECT], strict=True))


if __name__ == "__main__":
    main()
