"""The session of a command that has a terminal of its own: a leader that waits, and the command as the terminal's foreground job.

A process group whose members have no parent in their own session is never stopped by a key (POSIX.1-2024, 3.268 Orphaned Process Group). So
that Ctrl-Z works, the command is not the leader but a child of it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import termios

from agentsecrets.daemon.handover.signals import exit_code, passed_on
from agentsecrets.daemon.hardening import end_with

_FIRST_OF_OURS, _BEYOND = 3, 1 << 20


def enter_session(terminal: int, parent: int) -> None:
    """Makes this process the leader, and returns in a child of it that is about to become the command.

    Args:
        terminal: The command's end of its terminal, which becomes the terminal of the session.
        parent: The process that started this one; both end with it.
    """
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    end_with(parent, signal.SIGTERM)
    leader = os.getpid()
    command = os.fork()
    if command:
        _lead(command)
    end_with(leader, signal.SIGTERM)
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(terminal, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)


def _lead(command: int) -> None:
    """Waits until the command has ended, and ends as it did. When it is stopped, so is this process: that is how its parent learns it."""
    try:
        os.closerange(_FIRST_OF_OURS, _BEYOND)  # what tells the parent that the command has started must be held by the command alone
        with passed_on(command, own_terminal=True):
            while os.WIFSTOPPED(status := os.waitpid(command, os.WUNTRACED)[1]):
                os.kill(os.getpid(), signal.SIGSTOP)
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(command, signal.SIGCONT)
        os._exit(exit_code(status))
    finally:
        os._exit(1)
