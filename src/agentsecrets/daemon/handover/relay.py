"""Passing on what a command prints, and what is typed for it, while it runs."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from agentsecrets.daemon.handover.masking import LineMask
from agentsecrets.daemon.handover.signals import passed_on, woken
from agentsecrets.daemon.handover.terminals import WholeTerminal

_STDIN = 0
_BLOCK = 1 << 16
_LINGER_SECONDS = 0.1
_LINGER_BYTES = 1 << 20
"""How long, and how far, output is followed after the command has ended, when a program that it left behind still holds it: all that the
command itself wrote lies in a pipe or terminal by then, which hold far less."""


@dataclass(slots=True)
class Output:
    """One stream from the command to where the person wants it.

    Attributes:
        source: Our end, -1 once it is closed.
        sink: Where it goes.
        mask: What takes the values out.
    """

    source: int
    sink: int
    mask: LineMask

    def pass_on(self) -> int:
        """Reads once and writes what may be shown; answers how many bytes came."""
        try:
            chunk = os.read(self.source, _BLOCK)
        except BlockingIOError:
            return 0
        except OSError:  # Linux says EIO when nobody holds the other end of a terminal any more
            chunk = b""
        if chunk:
            self._show(self.mask.feed(chunk, time.monotonic()))
        else:
            self.end()
        return len(chunk)

    def settle(self) -> None:
        """Writes what has waited long enough."""
        self._show(self.mask.settle(time.monotonic()))

    def end(self) -> None:
        """Writes what was held, and closes our end."""
        if self.source >= 0:
            self._show(self.mask.finish())
        self._close()

    def _show(self, shown: bytes) -> None:
        rest = memoryview(shown)
        try:
            while rest:
                rest = rest[_written(self.sink, rest) :]
        except OSError:  # nobody reads it any more: the command learns it when it writes again
            self._close()

    def _close(self) -> None:
        if self.source >= 0:
            os.close(self.source)
            self.source = -1


def _written(descriptor: int, octets: memoryview) -> int:
    """Writes some of it, also to a descriptor that does not wait."""
    try:
        return os.write(descriptor, octets)
    except BlockingIOError:
        select.select((), (descriptor,), ())
        return 0


class Relay:
    """Everything between one command and the person.

    Args:
        outputs: Its streams.
        terminal: Its terminal, None when it has none of its own.
        on_resize: What to do when the person's terminal changes its size.
    """

    def __init__(self, outputs: list[Output], terminal: WholeTerminal | None, on_resize: Callable[[], None]) -> None:
        self._outputs, self._terminal, self._on_resize = outputs, terminal, on_resize
        self._typed = b""
        self._at_end = False

    def run(self, child: int) -> int:
        """Passes everything on until the command has ended.

        Args:
            child: Its process id.

        Returns:
            What ``waitpid`` says of its end.
        """
        deeds: dict[signal.Signals, Callable[[], None]] = {signal.SIGWINCH: self._on_resize}
        if self._terminal is not None:
            deeds[signal.SIGCONT] = self._terminal.resume
        with woken(deeds) as wake, passed_on(child, own_terminal=self._terminal is not None):
            while (status := self._ended(child)) is None:
                self._round(wake)
            self._follow()
        return status

    def _ended(self, child: int) -> int | None:
        pid, status = os.waitpid(child, os.WNOHANG | (os.WUNTRACED if self._terminal is not None else 0))
        if pid and os.WIFSTOPPED(status):
            self._stop_too(child)
            return None
        return status if pid else None

    def _stop_too(self, child: int) -> None:
        """The command was stopped by a key of its own terminal: this job stops as it would have, and both go on together."""
        assert self._terminal is not None
        for output in self._open():
            output.settle()
        self._terminal.give_back()
        os.kill(0, signal.SIGTSTP)  # returns when the shell continues the job, at once where no shell could
        self._terminal.resume()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGCONT)

    def _round(self, wake: int) -> None:
        sources = {output.source: output for output in self._open()}
        terminal = self._terminal
        types = terminal is not None and terminal.is_raw and not self._typed and not self._at_end
        written = [terminal.ours] if terminal is not None and self._typed and terminal.ours in sources else []
        readable, writable, _ = select.select([wake, *sources, *([_STDIN] if types else [])], written, [], self._patience())
        if wake in readable:
            os.read(wake, _BLOCK)
        for source in sources.keys() & set(readable):
            sources[source].pass_on()
        for output in self._open():
            output.settle()
        if _STDIN in readable and types:
            self._typed = _read(_STDIN)
            self._at_end = not self._typed
        if writable:
            self._type()

    def _type(self) -> None:
        assert self._terminal is not None
        try:
            self._typed = self._typed[os.write(self._terminal.ours, self._typed) :]
        except BlockingIOError:
            return
        except OSError:  # nobody reads it any more
            self._typed = b""

    def _patience(self) -> float | None:
        dues = [output.mask.due for output in self._open() if output.mask.due is not None]
        return max(0.0, min(dues) - time.monotonic()) if dues else None

    def _follow(self) -> None:
        """Passes on what the command had still written when it ended."""
        until, taken = time.monotonic() + _LINGER_SECONDS, 0
        while sources := {output.source: output for output in self._open()}:
            left = until - time.monotonic()
            readable, _, _ = select.select(list(sources), (), (), max(0.0, left))
            if not readable or (left < 0 and taken > _LINGER_BYTES):
                break
            taken += sum(sources[source].pass_on() for source in readable)
        for output in self._outputs:
            output.end()

    def _open(self) -> list[Output]:
        return [output for output in self._outputs if output.source >= 0]


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _BLOCK)
    except OSError:
        return b""
