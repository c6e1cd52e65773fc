"""What the kernel says of this machine and of processes on it."""

from __future__ import annotations

import os
import platform
import socket
import time
from pathlib import Path


def described() -> str:
    """One line about where this was measured."""
    model = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if "model name" in line),
        platform.machine(),
    )
    python = platform.python_version()
    load = os.getloadavg()[0]
    return (
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores ({model}), Linux {platform.release().split('-')[0]}, "
        f"Python {python}, load average at the start {load:.1f}"
    )


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, in steps of a clock tick (10 ms).

    Source: proc_pid_stat(5), fields 14 and 15.
    """
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid: int, field: str) -> float:
    """``VmRSS`` (what it holds now) or ``VmHWM`` (the most it ever held), in MiB.

    Source: proc_pid_status(5).
    """
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(f"{field}:")).split()[1]) / 1024


def pin(pid: int, cpu: int) -> None:
    """Keeps a process, with all its threads, on one core; on a machine with a single core, does nothing."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) > 1:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {cpus[cpu % len(cpus)]})


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, seconds: float = 10.0) -> None:
    """Returns once somebody accepts on a port of 127.0.0.1.

    Raises:
        RuntimeError: When nobody does in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens on port {port}")
