"""What the system lets programs of the same user do to each other's memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from agentsecrets.cli.checks.check import OK, WARN, Check, Finding, Scene

_YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")
_CORES = Path("/proc/sys/kernel/core_pattern")
_DUMPS = Path("/proc/sys/fs/suid_dumpable")


def _look(scene: Scene) -> Iterator[Finding]:
    if not sys.platform.startswith("linux"):
        return
    scope = _content(_YAMA)
    if scope in ("", "0"):
        words = "programs of yours may look into each other; not into the daemon, but into your shell and what `env` starts"
        yield Finding(WARN, words, "sudo sysctl kernel.yama.ptrace_scope=1")
    if _content(_DUMPS) == "1":
        yield Finding(WARN, "core files of protected programs may be written", "sudo sysctl fs.suid_dumpable=0")
    pid = scene.status.get("pid")
    limits = _content(Path(f"/proc/{pid}/limits")) if pid else ""
    if limits and not any(line.split()[:6] == ["Max", "core", "file", "size", "0", "0"] for line in limits.splitlines()):
        yield Finding(WARN, f"process {pid} may leave a core file", "agentsecrets unlock")
    elif scope not in ("", "0"):
        where = "a program" if _content(_CORES).startswith("|") else "a file"
        yield Finding(OK, f"no other program looks into ours; cores go to {where}, and ours leave none")


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


CHECK = Check("memory", _look)
