"""The load: ``wrk``, which sends given requests in turn over kept-alive connections and costs a few microseconds a request."""

from __future__ import annotations

import json
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.machine import cpu_seconds, pin
from bench.stage import OTHERS_CPU

_SCRIPT = """
local requests = dofile("{requests}")
local turn = 0
request = function()
  turn = turn % #requests + 1
  return requests[turn]
end
done = function(summary, latency)
  local wrong = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    wrong.connect + wrong.read + wrong.write + wrong.timeout + wrong.status, latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the upstream.

    Attributes:
        name: Of the engine.
        pid: Its process; None for the direct way.
        url: Where ``wrk`` connects to.
        script: What it sends.
    """

    name: str
    pid: int | None
    url: str
    script: Path


@dataclass(frozen=True, slots=True)
class Sample:
    """What one sample of one way showed.

    Attributes:
        rate: Requests a second.
        p50: Median latency, in microseconds.
        p99: 99th percentile of the latency, in microseconds.
        cpu: CPU of the engine for a request, in microseconds.
        load_cpu: CPU of the load and the upstream for a request, in microseconds.
        busy: Share of the time in which the engine was on its core: far below 1 at 64 connections, something else was the bottleneck.
    """

    rate: float
    p50: float
    p99: float
    cpu: float
    load_cpu: float
    busy: float


def way(folder: Path, name: str, pid: int | None, url: str, requests: list[str]) -> Way:
    """Writes down what ``wrk`` is to send.

    Args:
        folder: For its script.
        name: Of the way.
        pid: Process of the engine.
        url: ``http://127.0.0.1:PORT`` or ``https``.
        requests: Whole requests, sent in turn.
    """
    listed = folder / f"{name.replace(' ', '-')}.requests.lua"
    listed.write_text("return {" + ",".join(json.dumps(request) for request in requests) + "}", encoding="ascii")
    script = folder / f"{name.replace(' ', '-')}.lua"
    script.write_text(_SCRIPT.format(requests=listed), encoding="ascii")
    for path in (listed, script):
        path.chmod(0o600)
    return Way(name, pid, url, script)


def sample(taken: Way, upstream_pid: int, connections: int, seconds: int) -> Sample:
    """Puts one way under load for a few seconds.

    Raises:
        RuntimeError: When any request was not answered with success.
    """
    pids = [upstream_pid, *([] if taken.pid is None else [taken.pid])]
    before, children = [cpu_seconds(pid) for pid in pids], resource.getrusage(resource.RUSAGE_CHILDREN)
    words = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "10s", "-s", str(taken.script), taken.url]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    pin(process.pid, OTHERS_CPU)
    printed, _ = process.communicate(timeout=seconds + 30)
    spent = [cpu_seconds(pid) - then for pid, then in zip(pids, before, strict=True)]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    load = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
    result = [line.split()[1:] for line in printed.splitlines() if line.startswith("RESULT ")]
    if process.returncode != 0 or not result:
        raise RuntimeError(f"wrk on {taken.name}: {printed}")
    count, micros, wrong, p50, p99 = (int(number) for number in result[0])
    if wrong or not count:
        raise RuntimeError(f"{taken.name}: {wrong} of {count} requests failed")
    engine = spent[1] if taken.pid is not None else 0.0
    return Sample(count / micros * 1e6, p50, p99, engine / count * 1e6, (load + spent[0]) / count * 1e6, engine / (micros / 1e6))
