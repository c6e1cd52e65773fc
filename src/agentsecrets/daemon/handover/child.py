"""Starting the command, and how it ended."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agentsecrets.daemon.handover.session import enter_session
from agentsecrets.daemon.hardening import end_with
from agentsecrets.daemon.terminal import printable
from agentsecrets.errors import AgentSecretsError, BadUsage, CommandNotFound, CommandNotStarted, EnvironmentTooLarge

_STDIN = 0


@dataclass(frozen=True, slots=True)
class Streams:
    """What the command gets as its standard streams.

    Attributes:
        stdin: A descriptor.
        stdout: A descriptor.
        stderr: A descriptor.
        leads: Whether standard input is a terminal of its own, on which there will be a session of its own.
    """

    stdin: int
    stdout: int
    stderr: int
    leads: bool = False


def check_exists(command: tuple[bytes, ...], variables: Mapping[bytes, bytes]) -> None:
    """Refuses a command that is nowhere, before anybody is asked for a password and anything is handed over.

    Raises:
        CommandNotFound, BadUsage
    """
    if any(b"\0" in word for word in command):
        raise BadUsage(problem="a word of the command holds a NUL byte")
    path = os.fsdecode(variables.get(b"PATH", os.fsencode(os.defpath)))
    if shutil.which(command[0], mode=os.F_OK, path=path) is None:
        raise CommandNotFound(command=printable(command[0]))


def start(
    command: tuple[bytes, ...], variables: Mapping[bytes, bytes], streams: Streams, mask: int, secrets: int
) -> subprocess.Popen[bytes]:
    """Starts the command as a child that ends with this process.

    Args:
        command: Its words; the first is looked for on the ``PATH`` of its own environment.
        variables: Its whole environment.
        streams: Its standard streams.
        mask: The file mode mask of the person's shell.
        secrets: How many of the variables are ours, for the message.

    Raises:
        CommandNotFound, CommandNotStarted, EnvironmentTooLarge
    """
    try:
        return subprocess.Popen(
            command,
            env=variables,
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            preexec_fn=_prepared(mask, streams),  # noqa: PLW1509  (this process has one thread)
        )
    except OSError as failure:
        raise _in_our_words(failure, command, secrets) from None


def _prepared(mask: int, streams: Streams) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        """Runs in the child, between fork and exec."""
        os.umask(mask)
        if streams.leads:
            enter_session(_STDIN, parent)
        else:
            end_with(parent, signal.SIGTERM)

    return prepare


def _in_our_words(failure: OSError, command: tuple[bytes, ...], secrets: int) -> AgentSecretsError:
    name = printable(command[0])
    if failure.errno == errno.E2BIG:
        return EnvironmentTooLarge(keys=secrets)
    if failure.errno in (errno.ENOENT, errno.ENOTDIR):
        return CommandNotFound(command=name)
    return CommandNotStarted(command=name, problem=(failure.strerror or "unknown").lower())
