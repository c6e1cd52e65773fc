"""Giving a recovery key to its person: on the terminal once, or into a file that is made for it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from agentsecrets.crypto.recovery import RecoveryKey
from agentsecrets.daemon.terminal import Person
from agentsecrets.errors import NowhereToPrint, RecoveryFileExists, StateUnwritable

_SHOWN = """
Recovery key, shown this once: write it down and keep it away from this machine.

    {words}

It opens the account when the password is forgotten: agentsecrets password change --recovery"""


def check_way(*, file: str, stdin: bool) -> None:
    """Refuses a way out that somebody else could read along, before anything is asked or done.

    Args:
        file: Absolute path of the file to write, empty for the terminal.
        stdin: Whether there is no terminal.

    Raises:
        NowhereToPrint, RecoveryFileExists
    """
    if not file and stdin:
        raise NowhereToPrint
    if file and os.path.lexists(file):
        raise RecoveryFileExists(path=file)


def hand_out(key: RecoveryKey, person: Person, file: str) -> None:
    """Shows the words, or writes them into a new file that only its owner can read.

    Raises:
        RecoveryFileExists, StateUnwritable
    """
    if not file:
        person.show(_SHOWN.format(words=key.words).replace("\n", "\r\n"))
        return
    try:
        descriptor = os.open(Path(file), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise RecoveryFileExists(path=file) from None
    except OSError as failure:
        raise StateUnwritable(problem=failure.strerror or "unknown") from None
    try:
        with os.fdopen(descriptor, "wb") as written:
            written.write(key.words.encode() + b"\n")
            written.flush()
            os.fsync(written.fileno())
    except OSError as failure:
        with contextlib.suppress(OSError):
            os.unlink(file)  # noqa: PTH108  (a half-written key helps nobody)
        raise StateUnwritable(problem=failure.strerror or "unknown") from None
