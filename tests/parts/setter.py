"""One of several programs that set secrets at once: ``python -m tests.parts.setter HOME NAME COUNT``.

Sets ``COUNT`` values at the same moment, half of them under names of its own and half under names that every such program uses; prints
the versions that were acknowledged, as JSON by name.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from agentsecrets.client.control import Control
from agentsecrets.wire.messages import Deposit
from tests.parts.hands import Daemon

SHARED = 4
"""Names that all programs use."""


def main() -> None:
    """Waits for a line on standard input, then sets."""
    home, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    daemon = Daemon.met(home)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    together, told = threading.Barrier(count), {}

    def store(number: int) -> None:
        key = f"{name}_{number}" if number % 2 else f"SHARED_{number // 2 % SHARED}"
        sealed = daemon.sealed(key, f"value of {key} by {name}, number {number}")
        together.wait()
        told[number] = key, Control(home).ask("/v1/secrets/set", Deposit(key=key, sealed=sealed))["version"]

    threads = [threading.Thread(target=store, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps([told[number] for number in sorted(told)]))


if __name__ == "__main__":
    main()
