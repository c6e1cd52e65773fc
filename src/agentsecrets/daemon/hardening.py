"""What the daemon and the presence program do to themselves before they touch anything."""

from __future__ import annotations

import ctypes
import os
import resource
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_PT_DENY_ATTACH = 31


def harden() -> None:
    """Makes this process hard to look into: private files, no core dump, no ptrace or ``/proc`` by the same user.

    What was opened before stays open: memory that is to hold something secret belongs to a child (see ``seclusion``).

    Source: prctl(2) PR_SET_DUMPABLE on Linux, ptrace(2) PT_DENY_ATTACH on macOS.

    Raises:
        OSError: When the system refuses: the process must then end.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform.startswith("linux"):
        refused = library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    elif sys.platform == "darwin":
        refused = library.ptrace(_PT_DENY_ATTACH, 0, 0, 0)
    else:
        refused = 0
    if refused:
        raise OSError(ctypes.get_errno(), "the system refused to protect this process")


def refuse_privileges() -> None:
    """Lets neither this process nor what it starts gain anything by set-user-ID programs, as systemd's NoNewPrivileges does.

    Source: prctl(2) PR_SET_NO_NEW_PRIVS on Linux.

    Raises:
        OSError: When the system refuses: the process must then end.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "the system refused to keep privileges from this process")


def is_traced() -> bool:
    """Whether a debugger is attached to this process. After ``harden`` none can come any more.

    Source: proc(5), TracerPid in ``/proc/self/status``. On macOS, PT_DENY_ATTACH has ended a process that was traced.

    Raises:
        OSError: When the system does not tell: the process must then end.
    """
    if not sys.platform.startswith("linux"):
        return False
    with open("/proc/self/status", "rb") as status:  # noqa: PTH123  (pathlib is not loaded this early)
        return b"\nTracerPid:\t0\n" not in status.read()


def end_with(parent: int, number: int) -> None:
    """Has a signal sent to this process when its parent ends.

    Args:
        parent: The parent's process id; a process whose parent has ended already ends here.
        number: The signal.

    Source: prctl(2) PR_SET_PDEATHSIG on Linux; other systems have nothing like it.
    """
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
