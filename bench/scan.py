"""How fast bytes are searched for every form of one value, beside copying the same buffers."""

from __future__ import annotations

import argparse
import json
import secrets
import statistics
import time
from collections.abc import Callable

from agentsecrets.redact import Matcher, Redactor
from bench.goals import Goal, report
from bench.machine import described

BUFFER = 64 * 1024
BUFFERS = 256
"""16 MiB in all: more than a core's caches hold."""


def _seconds(deed: Callable[[], None]) -> float:
    started = time.perf_counter()
    deed()
    return time.perf_counter() - started


def main() -> None:
    """Runs the benchmark and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="alternated samples")
    rounds = parser.parse_args().rounds
    print(described())
    text = b"".join(json.dumps({"id": secrets.token_hex(8), "text": secrets.token_urlsafe(90)}).encode() + b"\n" for _ in range(500))
    text = text[:BUFFER]
    buffers = [bytes(bytearray(text)) for _ in range(BUFFERS)]
    target = bytearray(BUFFER)
    matcher = Matcher([secrets.token_urlsafe(32).encode()])

    def copied() -> None:
        for buffer in buffers:
            target[:] = buffer

    def searched() -> None:
        redactor = Redactor(matcher)
        for buffer in buffers:
            redactor.feed(buffer)
        redactor.flush()

    pairs = [(_seconds(copied), _seconds(searched)) for _ in range(rounds + 1)][1:]
    size = BUFFER * BUFFERS / 1e9
    copy, search = (size / statistics.median(pair[part] for pair in pairs) for part in (0, 1))
    print(f"\nmemcpy {copy:.1f} GB/s, every form of one value {search:.2f} GB/s, medians of {rounds} alternated samples")
    report([Goal("search vs memcpy", statistics.median(one / other for one, other in pairs), 0.15, 0.3, more_is_better=True)])


if __name__ == "__main__":
    main()
