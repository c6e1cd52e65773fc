"""What the daemon holds in memory: idle, and with 1,000 connections of clients that lie idle after a request."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from bench.goals import Goal, report
from bench.home import Home
from bench.machine import described, memory_mib
from bench.stage import Stage

CONNECTIONS = 1_000


def _connect(home: Home) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", home.port))
    connection.sendall(f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{home.port}\r\n\r\n".encode())
    if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
        raise RuntimeError("the daemon is not healthy")
    return connection


def main() -> None:
    """Runs the benchmark and prints its figures."""
    print(described())
    with Stage() as stage, ExitStack() as open_ones:
        home = stage.home()
        idle = memory_mib(home.pid, "VmRSS")
        for _ in range(CONNECTIONS):
            open_ones.enter_context(_connect(home))
        with_connections = memory_mib(home.pid, "VmRSS")
    each = (with_connections - idle) * 1024 / CONNECTIONS
    print(f"\nidle {idle:.1f} MiB, with {CONNECTIONS:,} idle connections {with_connections:.1f} MiB: {each:.1f} KiB a connection")
    report(
        [
            Goal("memory of the daemon, idle, MiB", idle, 60.0, 35.0),
            Goal(f"same, {CONNECTIONS:,} idle connections, MiB", with_connections, 120.0, 60.0),
        ]
    )


if __name__ == "__main__":
    main()
