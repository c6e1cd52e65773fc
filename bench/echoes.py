"""The redaction matrix at full size: forms by channels by shapes by cuts; release sizes of right and wrong guesses; innocent bytes.

The short version is ``tests/attacks/test_echo_matrix.py``. Every cell has a number and is the same on every machine, so a run that was
stopped is resumed with ``--first``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from bench.machine import described
from tests.parts.echoes import benign, cell, pair

SHOWN = 20
EVERY_SECONDS = 30.0


def _run(what: str, wrongly: str, check: Callable[[int], str], first: int, count: int, until: float) -> bool:
    """Checks some numbers and prints how many were wrong; says whether all were right and there was time for them."""
    wrong, number, told = [], first, time.monotonic()
    while number < first + count and time.monotonic() < until:
        problem = check(number)
        if problem:
            wrong.append(problem)
        number += 1
        if time.monotonic() > told + EVERY_SECONDS:
            told = time.monotonic()
            print(f"  {what}: {number - first:,} of {count:,} checked, {len(wrong)} {wrongly}", flush=True)
    print(
        f"{what}: {number - first:,} of {count:,} checked, {len(wrong)} {wrongly}; go on with --first {number}",
        *wrong[:SHOWN],
        sep="\n  ",
        flush=True,
    )
    return not wrong and number == first + count


def main() -> int:
    """Runs the three parts and prints their figures.

    Returns:
        0 when all was done in time and nothing was wrong.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=100_000, help="of the matrix")
    parser.add_argument("--pairs", type=int, default=100_000, help="of a right and a wrong guess")
    parser.add_argument("--megabytes", type=int, default=1_000, help="of innocent bytes")
    parser.add_argument("--first", type=int, default=0, help="number of the first cell and pair")
    parser.add_argument("--seconds", type=float, default=3_600, help="after which it ends, done or not")
    options = parser.parse_args()
    print(described(), flush=True)
    until, passed = time.monotonic() + options.seconds, 0
    fine = _run("cells", "came through", cell, options.first, options.cells, until)
    fine &= _run("pairs", "differed", pair, options.first, options.pairs, until)
    number, changed = 0, []
    while passed < options.megabytes * 1_000_000 and time.monotonic() < until:
        problem, size = benign(number)
        changed += [problem] if problem else []
        passed, number = passed + size, number + 1
    print(f"innocent bytes: {passed / 1e6:,.0f} MB, {len(changed)} bodies changed", *changed[:SHOWN], sep="\n  ")
    return 0 if fine and not changed and passed >= options.megabytes * 1_000_000 else 1


if __name__ == "__main__":
    sys.exit(main())
