"""What it costs to start a command while the daemon is warm, beside an empty program of the same environment.

The programs take turns; the figures are medians of wall time.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.goals import Goal, report
from bench.home import KEY
from bench.machine import described
from bench.stage import Stage

COMMAND = Path(sys.executable).parent / "agentsecrets"


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
        times: dict[str, list[float]] = {name: [] for name in programs}
        for turn in range(runs + 1):
            for name, words in programs.items():
                start = time.perf_counter()
                subprocess.run(words, cwd=home.folder, env=home.environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)
                if turn:  # the first start fills the caches
                    times[name].append(time.perf_counter() - start)
    base = statistics.median(times["python -c pass"])
    print(f"\nstart to end, medians of {runs}")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:28}{median * 1000:8.1f} ms   {median / base:5.2f} times")
    goals = [Goal(f"{name} vs python -c pass", _ratio(times, name), 3.0, 2.0) for name in ("agentsecrets status", "agentsecrets call")]
    report(goals)


def _ratio(times: dict[str, list[float]], name: str) -> float:
    """Median of the ratios within each turn."""
    return statistics.median(one / base for one, base in zip(times[name], times["python -c pass"], strict=True))


if __name__ == "__main__":
    main()
