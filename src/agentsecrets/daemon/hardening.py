"""What the daemon and the presence program do to themselves before they touch anything."""

from __future__ import annotations

import ctypes
import os
import resource
import sys

_PR_SET_DUMPABLE = 4
_PT_DENY_ATTACH = 31


def harden() -> None:
    """Makes this process hard to look into: private files, no core dump, no ptrace or ``/proc`` by the same user.

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
