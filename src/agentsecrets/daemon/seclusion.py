"""Work in a process whose memory nobody could ever open."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from agentsecrets.daemon.hardening import end_with, harden

_KILLED = 128
"""Added to the number of a signal that ended a process, as shells do."""


def secluded(work: Callable[[], int]) -> int:
    """Does some work in a child of this process, which has hardened itself and is not traced; answers the work's exit code.

    A program can be opened by its own user from exec until it hardens itself, and ``/proc/PID/mem`` that was opened then can be read ever
    after. A fork has memory of its own and is as closed as its parent from its first instruction, so nobody holds it open. This process
    only waits.

    Source: Linux fs/proc/base.c: access to ``mem`` is judged at open, for the address space of that moment; kernel/fork.c: an address
    space that is copied keeps the dumpable flag.
    """
    parent, on_interrupt = os.getpid(), signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return code if code >= 0 else _KILLED - code
    code = 1
    try:
        signal.signal(signal.SIGINT, on_interrupt)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # an ended question leaves the terminal as it was
        end_with(parent, signal.SIGTERM)
        harden()
        code = work()
    finally:
        os._exit(code)
