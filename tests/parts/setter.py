"""One of several programs that set secrets at once: ``python -m tests.parts.setter HOME NAME COUNT``.

Sets ``COUNT`` values, forty at a time and the first of them at the same moment, half of them under names of its own and half under names
that every such program uses; prints the names and versions that were acknowledged, as JSON.
"""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agentsecrets.client.control import Control
from agentsecrets.wire.messages import Deposit
from tests.parts.hands import Daemon

SHARED = 4
"""Names that all programs use."""

AT_ONCE = 40


def main() -> None:
    """Waits for a line on standard input, then sets."""
    home, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    daemon = Daemon.met(home)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    hands = min(count, AT_ONCE)
    together = threading.Barrier(hands)

    def store(number: int) -> tuple[str, int]:
        key = f"{name}_{number}" if number % 2 else f"SHARED_{number // 2 % SHARED}"
        sealed = daemon.sealed(key, f"value of {key} by {name}, number {number}")
        if number < hands:
            together.wait()
        return key, Control(home).ask("/v1/secrets/set", Deposit(key=key, sealed=sealed))["version"]

    with ThreadPoolExecutor(hands) as pool:
        told = list(pool.map(store, range(count)))
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
