"""What it costs to start a command while the daemon is warm, beside an empty program of the same environment.

The programs take turns; the figures are medians of wall time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.goals import Goal, report
from bench.home import KEY, Home
from bench.machine import described
from bench.stage import Stage

COMMAND = Path(sys.executable).parent / "agentsecrets"
_HANDSHAKE = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}\n'


def main() -> None:
    """Runs the benchmark and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=31, help="how often each program is started")
    runs = parser.parse_args().runs
    print(described())
    with Stage() as stage:
        home = stage.home()
        programs = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "agentsecrets status": [str(COMMAND), "status"],
            "agentsecrets call": [str(COMMAND), "call", "--url", f"{stage.origin}/item", "--bearer", KEY],
            "agentsecrets secrets list": [str(COMMAND), "secrets", "list"],
        }
        programs_that_stay = {"agentsecrets mcp serve, first reply": [str(COMMAND), "mcp", "serve"]}
        times: dict[str, list[float]] = {name: [] for name in (*programs, *programs_that_stay)}
        for turn in range(runs + 1):
            for name, words in programs.items():
                start = time.perf_counter()
                subprocess.run(words, cwd=home.folder, env=home.environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)
                if turn:  # the first start fills the caches
                    times[name].append(time.perf_counter() - start)
            for name, words in programs_that_stay.items():
                seconds = _first_reply(words, home)
                if turn:
                    times[name].append(seconds)
    base = statistics.median(times["python -c pass"])
    print(f"\nstart to end, medians of {runs}")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:38}{median * 1000:8.1f} ms   {median / base:5.2f} times")
    goals = [Goal(f"{name} vs python -c pass", _ratio(times, name), 3.0, 2.0) for name in ("agentsecrets status", "agentsecrets call")]
    goals += [Goal("mcp serve, first reply, vs python -c pass", _ratio(times, "agentsecrets mcp serve, first reply"), 5.0, 3.0)]
    report(goals)


def _first_reply(words: list[str], home: Home) -> float:
    """Seconds from the start of an MCP server to its answer to the handshake."""
    start = time.perf_counter()
    with subprocess.Popen(words, cwd=home.folder, env=home.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(_HANDSHAKE)
        server.stdin.flush()
        answer = json.loads(server.stdout.readline())
        taken = time.perf_counter() - start
        server.stdin.close()
    assert answer["result"]["serverInfo"]["name"] == "agentsecrets"
    return taken


def _ratio(times: dict[str, list[float]], name: str) -> float:
    """Median of the ratios within each turn."""
    return statistics.median(one / base for one, base in zip(times[name], times["python -c pass"], strict=True))


if __name__ == "__main__":
    main()
