"""A program of the same user that waits for every new process, stops it as early as it can, and keeps open what it may open."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
from typing import Any

from tests.parts.memory import HeldMemory, read_file, say


class Lurker:
    """Looks at all processes, again and again.

    Attributes:
        names: Command line by process, of everything whose memory was opened.
        obtained: What was read of environments and command lines.
    """

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self.obtained: set[bytes] = set()
        self._held: list[HeldMemory] = []
        self._seen: set[tuple[int, bytes]] = set()
        self._strangers = {int(entry) for entry in os.listdir("/proc") if entry.isdecimal()}  # noqa: PTH208  (as quick as can be)

    def look(self) -> None:
        """One round over all processes."""
        for entry in os.listdir("/proc"):  # noqa: PTH208
            if entry.isdecimal() and int(entry) not in self._strangers:
                self._meet(int(entry))

    def _meet(self, pid: int) -> None:
        """Opens a process that is new, or that runs another program than the last time."""
        try:
            command = read_file(f"/proc/{pid}/cmdline")
            if (pid, command) in self._seen:
                return
            os.kill(pid, signal.SIGSTOP)
        except OSError:  # gone, or somebody else's, perhaps only until it changes its user
            return
        try:
            self._seen.add((pid, command))
            self.obtained.add(command)
            self._held.append(HeldMemory(pid))
            self.names[pid] = command.replace(b"\0", b" ").decode("utf-8", "replace")
            self.obtained.add(read_file(f"/proc/{pid}/environ"))
        except OSError:
            pass
        finally:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGCONT)

    def report(self, needles: list[bytes]) -> dict[str, Any]:
        """Which needles stand in what was obtained, or in memory that is still held open, and of whom."""
        found = [f"{needle!r} in a command line or environment" for needle in needles for text in self.obtained if needle in text]
        for held in self._held:
            found += [f"{needle!r} in the memory of {self.names.get(held.pid, held.pid)}" for needle in held.holds(needles)]
        return {"found": found, "opened": sorted(set(self.names.values()))}


def _needle(text: str) -> bytes:
    """What is looked for: the text, or the bytes of ``hex:`` and their digits."""
    return bytes.fromhex(text[4:]) if text.startswith("hex:") else text.encode()


def lurk() -> None:
    """Lurks until standard input ends; each line of it is a JSON list of needles, answered by a report in one line."""
    lurker = Lurker()
    say("lurking")
    while True:
        lurker.look()
        if select.select([sys.stdin], [], [], 0)[0]:
            line = sys.stdin.buffer.readline()
            if not line:
                return
            say(json.dumps(lurker.report([_needle(text) for text in json.loads(line)])))
