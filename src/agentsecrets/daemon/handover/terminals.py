"""The person's terminal, and the one that the command gets in its place so that its output can be searched."""

from __future__ import annotations

import contextlib
import fcntl
import os
import termios
import tty

_STDIN = 0


def in_foreground() -> bool:
    """Whether standard input is this process's terminal, and the terminal's keys are meant for it: then it may set it and read it."""
    try:
        return os.tcgetpgrp(_STDIN) == os.getpgrp()
    except OSError:
        return False


def hears_the_keys() -> bool:
    """Whether Ctrl-C at the terminal reaches this process and every other of its group by itself."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def copy_size(source: int, target: int) -> None:
    """Gives one terminal the rows and columns of another; the kernel tells the programs on it."""
    with contextlib.suppress(OSError):  # not a terminal any more
        size = fcntl.ioctl(source, termios.TIOCGWINSZ, bytes(8))
        fcntl.ioctl(target, termios.TIOCSWINSZ, size)


def open_for_output(like: int) -> tuple[int, int]:
    """A terminal that a command only writes to: what it writes comes out unchanged.

    Args:
        like: The terminal whose size it gets.

    Returns:
        Our end and the command's.
    """
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    copy_size(like, ours)
    return ours, theirs


class WholeTerminal:
    """A terminal for the command alone: keys go in, output comes out, with the modes, size and job control that it would have had.

    The person's own terminal is raw meanwhile: every key, Ctrl-C and Ctrl-Z too, goes to the command's terminal, where the kernel makes
    signals of them.

    Attributes:
        ours: Our end.
        theirs: The command's end.
    """

    def __init__(self) -> None:
        self.ours, self.theirs = os.openpty()
        self._before = termios.tcgetattr(_STDIN)
        termios.tcsetattr(self.theirs, termios.TCSANOW, self._before)
        os.set_blocking(self.ours, False)
        self.is_raw = False
        self.resize()

    def resize(self) -> None:
        """Passes the size of the person's terminal on."""
        copy_size(_STDIN, self.ours)

    def take(self) -> None:
        """Makes the person's terminal raw, unless another job has it."""
        if not self.is_raw and in_foreground():
            tty.setraw(_STDIN, termios.TCSADRAIN)
            self.is_raw = True
            self.resize()

    def resume(self) -> None:
        """The same after this job was stopped: the shell has set the terminal meanwhile."""
        self.is_raw = False
        self.take()

    def give_back(self) -> None:
        """Makes the person's terminal as it was."""
        if self.is_raw:
            with contextlib.suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(_STDIN, termios.TCSADRAIN, self._before)
            self.is_raw = False
