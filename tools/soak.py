"""A long run through the real daemon against an upstream that says values again: no leak, no growth.

Usage: python tools/soak.py [--calls N] [--seconds S] [--clients C] [--seed X] [--fresh]

What was done lies in ``build/soak/SEED.json``; a later run with the same seed goes on from there. Exit status 1 for a leak, a value that
arrived wrong, or memory or open files that grow.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))
GROWTH_KIB = 16 * 1024
"""Most that the daemon's memory may grow in the second half of a run; in the first, caches fill."""
GROWTH_FILES = 16


def main() -> int:
    """Runs, prints figures, remembers how far it came."""
    from tests.parts.commands import commands
    from tests.parts.soaking import Soak
    from tests.parts.tls import TlsUpstream

    parser = argparse.ArgumentParser(description="Soaks the proxy.")
    parser.add_argument("--calls", type=int, default=1_000_000, help="calls in all, those of earlier runs included")
    parser.add_argument("--seconds", type=float, default=3600, help="most seconds of this run")
    parser.add_argument("--clients", type=int, default=8, help="connections at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fresh", action="store_true", help="begin anew")
    options = parser.parse_args()
    memory = REPOSITORY / "build" / "soak" / f"{options.seed}.json"
    memory.parent.mkdir(parents=True, exist_ok=True)
    before: dict[str, Any] = {"done": 0, "leaks": []}
    if memory.is_file() and not options.fresh:
        before = json.loads(memory.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="agentsecrets-soak-") as folder, TlsUpstream() as upstream, commands(Path(folder)) as made:
        soak = Soak(made, upstream, options.seed, done=before["done"])
        soak.set_up()
        took = soak.run(options.calls, options.seconds, options.clients)
    made_now = soak.done - before["done"]
    leaks = [*before["leaks"], *soak.leaks]
    memory.write_text(json.dumps({"done": soak.done, "leaks": leaks}), encoding="utf-8")
    print(f"{made_now:,} calls in {took:.0f} s ({made_now / took:,.0f}/s), {soak.done:,} with this seed in all")
    print(f"leaks: {len(leaks)} {leaks[:10] or ''}; values that arrived wrong: {len(soak.wrong)}; not answered with 200: {soak.failures}")
    kib, files = soak.grown
    marks = [*soak.samples[:: max(1, len(soak.samples) // 8)], soak.samples[-1]]
    print("memory of the daemon, KiB, after so many calls: " + ", ".join(f"{mark[1]:,} ({mark[0]:,})" for mark in marks))
    print(f"in the second half: {kib:,} KiB and {files} open files more")
    grows = kib > GROWTH_KIB or files > GROWTH_FILES
    return 1 if leaks or soak.wrong or grows or not made_now else 0


if __name__ == "__main__":
    sys.exit(main())
