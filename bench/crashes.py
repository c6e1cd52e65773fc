"""``kill -9`` of the daemon under twenty hands, over and over: what was lost, and how long a fresh daemon takes.

The short version is ``tests/journeys/test_crashes.py``; this one runs until something is lost or the kills are done.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from bench.machine import described
from tests.parts.crashes import crashes

LONGEST_REOPENING = 2.0


def main() -> int:
    """Runs the crashes and prints what was seen.

    Returns:
        0 when nothing was lost and every fresh daemon answered within 2 s.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=2_000, help="how often the daemon is killed")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32), help="of every choice of the run")
    options = parser.parse_args()
    print(described(), f"seed {options.seed}", sep="; ", flush=True)
    with tempfile.TemporaryDirectory(prefix="agentsecrets-crashes-") as folder, crashes(Path(folder), options.seed) as ours:
        while ours.figures.kills < options.kills:
            ours.kill(min(ours.figures.kills + 100, options.kills))
            print(ours.figures.told, flush=True)
    return 0 if max(ours.figures.reopened) <= LONGEST_REOPENING else 1


if __name__ == "__main__":
    sys.exit(main())
