"""Signals that this process passes on to the command, and those that wake its loop."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from agentsecrets.daemon.handover.terminals import hears_the_keys

PASSED_ON = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""What somebody sends to this process is meant for the command."""

_OF_THE_KEYS = (signal.SIGINT, signal.SIGQUIT)
"""What a terminal sends to every process of the group: the command has it already."""

_BY_SIGNAL = 128
"""Added to the number of a signal that ended a process, as shells do."""


def exit_code(status: int) -> int:
    """The exit code of a command by what ``waitpid`` says: its own, or 128 and the number of the signal that ended it."""
    return _BY_SIGNAL + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


@contextlib.contextmanager
def passed_on(child: int, *, own_terminal: bool) -> Iterator[None]:
    """Passes signals on while the command runs; what was ignored when this process began stays ignored, as under ``nohup``.

    Args:
        child: Process id of the command.
        own_terminal: Whether the command has a terminal and session of its own, so that no key reaches it but through this process.
    """

    def pass_on(number: int, _: FrameType | None) -> None:
        if number in _OF_THE_KEYS and not own_terminal and hears_the_keys():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    before = {number: signal.getsignal(number) for number in PASSED_ON}
    for number, reaction in before.items():
        if reaction != signal.SIG_IGN:
            signal.signal(number, pass_on)
    try:
        yield
    finally:
        for number, reaction in before.items():
            signal.signal(number, reaction)


@contextlib.contextmanager
def woken(deeds: dict[signal.Signals, Callable[[], None]]) -> Iterator[int]:
    """A descriptor that becomes readable with each signal, and what to do at some of them; a child's end always wakes it."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    before = {number: signal.signal(number, _caller(deed)) for number, deed in {signal.SIGCHLD: _nothing, **deeds}.items()}
    woken_before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(woken_before)
        for number, reaction in before.items():
            signal.signal(number, reaction)
        os.close(reading)
        os.close(writing)


def _caller(deed: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
    return lambda _number, _frame: deed()


def _nothing() -> None:
    pass
