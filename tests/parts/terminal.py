"""A person at a terminal: a program on a pseudo-terminal of its own, what it shows, and what is typed."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_SECONDS = 60.0


class Terminal:
    """One program, run as a person would; use it with ``with``.

    Args:
        words: The command line.
        folder: Where it runs.
        environment: Its environment.
        uid: Who runs it, None for whoever runs the tests.

    Attributes:
        shown: Everything that stood on the screen so far.
    """

    def __init__(self, words: Sequence[str], folder: Path, environment: Mapping[str, str], uid: int | None = None) -> None:
        self.shown = ""
        self._read_to = 0
        self._screen, theirs = os.openpty()
        command = ["setsid", "--ctty", *words]  # util-linux: a session whose controlling terminal is standard input
        environment = {"TERM": "xterm", **environment}
        groups: list[int] | None = None if uid is None else []
        self._program = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            user=uid,
            group=uid,
            extra_groups=groups,
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        if self._program.poll() is None:
            self._program.kill()
        self._program.wait()
        os.close(self._screen)

    @property
    def pid(self) -> int:
        """The process of the program."""
        return self._program.pid

    def wait_for(self, text: str) -> None:
        """Reads on until a text stands on the screen that was not there before."""
        deadline = time.monotonic() + _SECONDS
        while text not in self.shown[self._read_to :]:
            assert self._more(deadline), f"ended before it showed {text!r}:\n{self.shown}"
        self._read_to = self.shown.index(text, self._read_to) + len(text)

    def type(self, line: str) -> None:
        """Types a line and presses Return."""
        os.write(self._screen, line.encode() + b"\r")

    def answer(self, question: str, line: str) -> None:
        """Waits for a question and answers it."""
        self.wait_for(question)
        self.type(line)

    def interrupt(self) -> None:
        """Presses Ctrl-C."""
        self.press("\x03")

    def press(self, key: str) -> None:
        """Presses a key, such as ``\x1a`` for Ctrl-Z."""
        os.write(self._screen, key.encode())

    def resize(self, rows: int, columns: int) -> None:
        """Gives the window another size."""
        termios.tcsetwinsize(self._screen, (rows, columns))

    def end(self) -> int:
        """Reads on until the program ends; answers its exit status."""
        deadline = time.monotonic() + _SECONDS
        while self._more(deadline):
            pass
        return self._program.wait(_SECONDS)

    def _more(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._screen], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"nothing more came in time:\n{self.shown}"
        part = b""
        with contextlib.suppress(OSError):  # Linux says EIO when the last holder of the other end has closed it
            part = os.read(self._screen, 65536)
        self.shown += part.decode("utf-8", "replace")
        return bool(part)
