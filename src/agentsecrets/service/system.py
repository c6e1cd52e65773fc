"""Programs of the system that an installation uses, and whether systemd is there."""

from __future__ import annotations

import contextlib
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from agentsecrets.errors import NotRoot, ServiceUnsupported, SystemRefused

UNIT = "agentsecrets.service"
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
_SECONDS = 60


def check_system(*, changes: bool) -> None:
    """Refuses a system that has no such service, and whoever may not change it.

    Args:
        changes: Whether something is to be changed.

    Raises:
        ServiceUnsupported, NotRoot
    """
    if not sys.platform.startswith("linux"):
        raise ServiceUnsupported(problem="it needs Linux")
    if changes and os.geteuid() != 0:
        raise NotRoot


def run(*words: str) -> None:
    """Runs a program of the system to its end; what it complains of goes to standard error.

    Raises:
        SystemRefused
    """
    try:
        code = subprocess.run(
            words, env=_ENVIRONMENT, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=_SECONDS, check=False
        ).returncode
    except FileNotFoundError:
        raise SystemRefused(command=words[0], problem="this system has no such program") from None
    except (OSError, subprocess.TimeoutExpired):
        raise SystemRefused(command=words[0], problem="it could not be run to its end") from None
    if code:
        raise SystemRefused(command=words[0], problem=f"exit status {code}")


@contextlib.contextmanager
def beside(user: pwd.struct_passwd, words: Sequence[str], theirs: socket.socket) -> Iterator[None]:
    """Runs a program as another user meanwhile, with nothing of this one's: no terminal, folder, variable or group.

    That user may open the program from its first instruction on (ptrace(2)), so it must not find a terminal in it on which root types.

    Args:
        user: Who.
        words: The command line; the number of the descriptor comes last.
        theirs: All that it inherits; closed here. Whoever holds the other end closes that first, and so ends the program.

    Raises:
        SystemRefused
    """
    with theirs:
        try:
            running = subprocess.Popen(
                [*words, str(theirs.fileno())],
                env={**_ENVIRONMENT, "HOME": user.pw_dir},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                user=user.pw_uid,
                group=user.pw_gid,
                extra_groups=[],
            )
        except OSError as failure:
            raise SystemRefused(command=words[0], problem=failure.strerror or "it could not be run") from None
    try:
        yield
    finally:
        try:
            running.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def said_by(*words: str, user: str | None = None) -> tuple[int, str]:
    """Runs a program; its exit status and what it said on standard output. 127 when it cannot be run.

    Args:
        words: The command line.
        user: As whom root runs it, None for this very user.
    """
    try:
        ended = subprocess.run(
            words,
            env=_ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )
    except (OSError, subprocess.TimeoutExpired):
        return 127, ""
    return ended.returncode, ended.stdout.strip()


def has_systemd() -> bool:
    """Whether systemd runs this machine. Source: sd_booted(3)."""
    return Path("/run/systemd/system").is_dir()


def is_active() -> bool:
    """Whether systemd runs the service."""
    return has_systemd() and said_by("systemctl", "is-active", "--quiet", UNIT)[0] == 0


def is_enabled() -> bool:
    """Whether systemd starts the service with the machine: everybody may look for the link, and not everybody may ask systemd."""
    return os.path.lexists(f"/etc/systemd/system/multi-user.target.wants/{UNIT}")
