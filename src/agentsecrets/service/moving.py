"""Moving a vault between a user's state folder and the service.

Root itself opens nothing: a process of the user reads or writes in the user's folder, a process of the service in the service's, both run
root's copy of the program, and a socket pair is between them. Only the service's process asks for the password.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from agentsecrets import __version__
from agentsecrets.client.launch import SERVICE_INTERPRETER, run_presence
from agentsecrets.client.launch import program as program_of
from agentsecrets.errors import BadUsage, NoService, NoSuchUser, OtherServiceVersion
from agentsecrets.service import program
from agentsecrets.service.system import beside
from agentsecrets.wire.home import FOLDER
from agentsecrets.wire.service import STATE, USER, installed

_PART: Mapping[str, Literal["give", "take"]] = {"adopt": "give", "release": "take"}
"""What the user's process does while the service's does a deed."""


def move(deed: Literal["adopt", "release"], name: str, folder: str, *, password_stdin: bool, **asked: Any) -> dict[str, Any]:
    """Moves the account in force from a user's state folder into the service, or the other way.

    Args:
        deed: Which way.
        name: The user.
        folder: The user's state folder, empty for the usual one.
        password_stdin: Whether the password stands on standard input.
        asked: What else the deed wants to know.

    Returns:
        What the deed tells.

    Raises:
        NoService, NoSuchUser, BadUsage, OtherServiceVersion, UnsafeProgram
        AgentSecretsError: Whatever either of the two refuses.
    """
    service, user = installed(), _user(name)
    if service is None:
        raise NoService
    version = program.check()
    if version != __version__:
        raise OtherServiceVersion(running=version, asking=__version__)
    root = os.path.abspath(folder) if folder else str(Path(user.pw_dir, FOLDER))  # noqa: PTH100  (no link is followed)
    with _user_s_part(_PART[deed], user, root) as stream:
        request = {"deed": deed, "home": STATE, "stream_fd": stream.fileno(), "user": name, "folder": root, **asked}
        return run_presence(request, password_stdin=password_stdin, service=service)


def _user(name: str) -> pwd.struct_passwd:
    if name == USER:
        raise BadUsage(problem=f"{USER} is the user of the service: name whose vault it was, or is to be")
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise NoSuchUser(user=name) from None


@contextlib.contextmanager
def _user_s_part(part: str, user: pwd.struct_passwd, root: str) -> Iterator[socket.socket]:
    """The process of the user, and the end of the stream that is for the service's; it ends when that end is closed."""
    ours, theirs = socket.socketpair()
    with beside(user, [*program_of("agentsecrets.daemon.moving", SERVICE_INTERPRETER), part, root], theirs), ours:
        yield ours
